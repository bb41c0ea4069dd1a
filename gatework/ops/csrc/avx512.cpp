// The kernel in AVX-512: registers of 64 bytes, and twice as many.
#define GATEWORK_BYTES 64
#include "kernel.h"

extern const Kernel gatework_avx512{run<float, false>, run<double, false>, run<float, true>, run<double, true>};
