// Which rows each component covers: the responsibilities from a threshold on, and what is left beside each.
#pragma once

#include "pass.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Appends the entries of rows [first, last) to `found` from `found.size` on, by blocks of rows, then components, then
// rows; past `found.capacity` they are counted and not written. Returns whether every row had a density.
inline bool range_coverage(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                           size_t first, size_t last, double threshold, Covered& found) {
    constexpr size_t wide = width<double>;
    Likelihood<double> likelihood{};
    const size_t stride = scratch.stride;
    // Weights and scales are used up by then: their place takes the largest responsibility and the sum of the others.
    double *top = scratch.weights, *rest = scratch.scale;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<double>(count);
        load_rows<double>(rows, at, count, plan.centred_origin, scratch, scratch.features + stride);
        centred_posterior<double>(plan, scratch, padded, likelihood);
        for (size_t r = 0; r < padded; r += wide) {
            Vec<double> most{}, others{};
            for (size_t i = 0; i < plan.k; ++i) {
                const Vec<double> p = load<double>(scratch.posterior + i * stride + r);
                others += p > most ? most : p;
                most = larger<double>(p, most);
            }
            store<double>(top + r, most);
            store<double>(rest + r, others);
        }
        for (size_t i = 0; i < plan.k; ++i) {
            const double* posterior = scratch.posterior + i * stride;
            Vec<double> most{};
            for (size_t r = 0; r < padded; r += wide) {
                most = larger<double>(load<double>(posterior + r), most);
            }
            bool any = false;
            for (size_t lane = 0; lane < wide; ++lane) {
                any |= most[lane] >= threshold;
            }
            for (size_t r = 0; any && r < count; ++r) {
                if (posterior[r] >= threshold) {
                    if (found.size < found.capacity) {
                        found.component[found.size] = static_cast<unsigned>(i);
                        found.row[found.size] = static_cast<unsigned>(at + r);
                        found.posterior[found.size] = posterior[r];
                        // Of the largest, the sum of the others says more than the difference from one.
                        found.rest[found.size] = posterior[r] == top[r] ? rest[r] : 1.0 - posterior[r];
                    }
                    ++found.size;
                }
            }
        }
    }
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
