#define GMMSCAPE_ISA avx512
#define GMMSCAPE_VECTOR_BYTES 64
#include "kernels.hpp"
