// The kernel in AVX2 and FMA: registers of 32 bytes.
#define GATEWORK_BYTES 32
#include "step.h"

extern const Kernel gatework_avx2{doors<float>, doors<double>};
