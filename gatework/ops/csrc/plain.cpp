// The kernel in the instructions that every processor of its kind has.
#define GATEWORK_BYTES 16
#include "kernel.h"

extern const Kernel gatework_plain{run<float, false>, run<double, false>, run<float, true>, run<double, true>};
