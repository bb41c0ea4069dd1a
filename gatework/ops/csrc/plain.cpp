// The kernel in the instructions that every processor of its kind has.
#define GATEWORK_BYTES 16
#include "step.h"

extern const Kernel gatework_plain{doors<float>, doors<double>};
