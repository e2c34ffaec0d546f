#define GMMSCAPE_ISA avx2
#define GMMSCAPE_VECTOR_BYTES 32
#include "kernels.hpp"
