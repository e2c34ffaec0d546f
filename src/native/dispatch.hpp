// The kernels that this build holds and this machine can run.
#pragma once

#include <vector>

#include "contract.hpp"

namespace gmmscape {

namespace baseline {
extern const Kernels kernels;
}
#if defined(GMMSCAPE_X86)
namespace avx2 {
extern const Kernels kernels;
}
namespace avx512 {
extern const Kernels kernels;
}
#endif

// From the slowest to the fastest.
inline std::vector<const Kernels*> available_kernels() {
    std::vector<const Kernels*> found = {&baseline::kernels};
#if defined(GMMSCAPE_X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        found.push_back(&avx2::kernels);
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
            found.push_back(&avx512::kernels);
        }
    }
#endif
    return found;
}

}  // namespace gmmscape
