// Which component has the largest joint density at each row, and how far rows are from a place.
#pragma once

#include "pass.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// The component of largest joint density at each row of [first, last); the first one where some are equal.
inline void range_nearest(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                          size_t first, size_t last, unsigned* nearest) {
    constexpr size_t W = width<double>;
    double* v = scratch.features + scratch.stride;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        load_rows<double>(rows, at, count, plan.centred_origin, scratch, v);
        for (size_t r = 0; r < whole_groups<double>(count); r += GROUP * W) {
            Vec<double> top[GROUP], best[GROUP];
            for (int g = 0; g < GROUP; ++g) {
                top[g] = splat<double>(-__builtin_inf());
                best[g] = Vec<double>{};
            }
            for (size_t i = 0; i < plan.k; ++i) {
                Vec<double> squared[GROUP];
                squared_distance<double>(plan, i, v + r, scratch.stride, squared);
                const Vec<double> number = splat<double>(static_cast<double>(i));
                for (int g = 0; g < GROUP; ++g) {
                    const Vec<double> joint = plan.centred_constants[i] - squared[g] * 0.5;
                    best[g] = joint > top[g] ? number : best[g];
                    top[g] = larger<double>(joint, top[g]);
                }
            }
            for (size_t lane = 0; lane < GROUP * W && r + lane < count; ++lane) {
                nearest[at + r + lane] = static_cast<unsigned>(best[lane / W][lane % W]);
            }
        }
    }
}

// The largest squared distance of rows [first, last) from a place, in the metric of component i; NaN where one is.
inline double range_furthest(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                             size_t first, size_t last, size_t i, const double* place) {
    constexpr size_t W = width<double>;
    double* v = scratch.features + scratch.stride;
    double furthest = 0.0;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        load_rows<double>(rows, at, count, plan.centred_origin, scratch, v);
        for (size_t r = 0; r < whole_groups<double>(count); r += GROUP * W) {
            Vec<double> squared[GROUP];
            // Doubles are whole in one part: the other is not looked at.
            squared_length<double>(plan, i, {v + r, scratch.stride, place, place}, squared);
            for (size_t lane = 0; lane < GROUP * W && r + lane < count; ++lane) {
                const double own = squared[lane / W][lane % W];
                furthest = own <= furthest ? furthest : own;
                if (!(own == own)) {
                    return own;
                }
            }
        }
    }
    return furthest;
}

}  // namespace gmmscape::GMMSCAPE_ISA
