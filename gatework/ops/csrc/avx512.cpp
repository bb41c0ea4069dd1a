// The kernel in AVX-512: registers of 64 bytes, and twice as many.
#define GATEWORK_BYTES 64
#include "step.h"

extern const Kernel gatework_avx512{doors<float>, doors<double>};
