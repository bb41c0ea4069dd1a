// The kernel in AVX2 and FMA: registers of 32 bytes.
#define GATEWORK_BYTES 32
#include "kernel.h"

extern const Kernel gatework_avx2{run<float, false>, run<double, false>, run<float, true>, run<double, true>};
