#define GMMSCAPE_ISA baseline
#define GMMSCAPE_VECTOR_BYTES 16
#include "kernels.hpp"
