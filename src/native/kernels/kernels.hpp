// The table of one instruction set; a source file for each defines its namespace and vector size first.
#pragma once

#include "boxes.hpp"
#include "coverage.hpp"
#include "dense.hpp"
#include "derivatives.hpp"
#include "information.hpp"
#include "limits.hpp"
#include "nearest.hpp"
#include "pass.hpp"
#include "product.hpp"

namespace gmmscape::GMMSCAPE_ISA {

#define GMMSCAPE_NAME_OF(isa) #isa
#define GMMSCAPE_NAME(isa) GMMSCAPE_NAME_OF(isa)

extern const Kernels kernels;
const Kernels kernels = {
    GMMSCAPE_NAME(GMMSCAPE_ISA),
    GMMSCAPE_VECTOR_BYTES,
    {&range_moments<double>, &range_posterior<double>},
    {&range_moments<float>, &range_posterior<float>},
    &range_derivatives,
    &range_rounding,
    &range_information,
    &range_product,
    &range_coverage,
    &range_nearest,
    &range_furthest,
    &box_distances,
    &distances,
    &lines_times,
    &subtract_lines,
    &multiply_add_limit,
    &exponential_limit,
    &read_limit,
};

}  // namespace gmmscape::GMMSCAPE_ISA
