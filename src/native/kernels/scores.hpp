// Densities of a block that keep what they are made of: deviations in each component's own standard deviations.
#pragma once

#include "pass.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Deviations of one group of rows from component i in its own standard deviations, d columns at y; squared lengths.
inline void own_deviations(const Plan<double>& plan, size_t i, const double* v, size_t stride, double* y,
                           Vec<double>* squared) {
    constexpr size_t wide = width<double>;
    const size_t d = plan.d;
    const Deviations<double> deviations{v, stride, plan.high + i * d, plan.low + i * d};
    if (plan.shape == Shape::tied || plan.shape == Shape::full) {
        const size_t matrix = plan.shape == Shape::full ? i : 0;
        squared_product<double>(plan.columns + matrix * plan.factor_size, d, deviations, squared, y);
        return;
    }
    const bool diag = plan.shape == Shape::diag;
    const double* u = plan.precision + (diag ? i * d : i);
    for (int r = 0; r < GROUP; ++r) {
        squared[r] = Vec<double>{};
        for (size_t j = 0; j < d; ++j) {
            const Vec<double> t = deviations(j, r) * u[diag ? j : 0];
            store<double>(y + j * stride + r * wide, t);
            squared[r] += t * t;
        }
    }
}

// Responsibilities (not weighted) and own deviations of a block; its weights in `scratch.scale`, zero past the last
// row. Adds to the log likelihood. Returns how many rows the block has with those that fill it up.
inline size_t scored_block(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                           double* y, size_t first, size_t count, Likelihood<double>& likelihood) {
    constexpr size_t wide = width<double>;
    const size_t padded = whole_groups<double>(count), stride = scratch.stride;
    const double* v = scratch.features + stride;
    load_rows<double>(rows, first, count, plan.centred_origin, scratch, scratch.features + stride);
    const Vec<double> common[GROUP] = {};
    for (size_t at = 0; at < padded; at += GROUP * wide) {
        Vec<double> top[GROUP], sum[GROUP];
        for (int r = 0; r < GROUP; ++r) {
            top[r] = splat<double>(lowest<double>);
        }
        for (size_t i = 0; i < plan.k; ++i) {
            Vec<double> squared[GROUP];
            own_deviations(plan, i, v + at, stride, y + i * plan.d * stride + at, squared);
            for (int r = 0; r < GROUP; ++r) {
                const Vec<double> joint = plan.centred_constants[i] - squared[r] * 0.5;
                store<double>(scratch.posterior + i * stride + at + r * wide, joint);
                top[r] = larger<double>(joint, top[r]);
            }
        }
        exponentials<double>(scratch.posterior + at, plan.k, stride, top, sum);
        finish_group<double>(likelihood, top, sum, common, scratch.weights + at, scratch.scale + at,
                             scratch.density + at);
        for (int r = 0; r < GROUP; ++r) {
            const Vec<double> whole = 1.0 / sum[r];
            for (size_t i = 0; i < plan.k; ++i) {
                double* p = scratch.posterior + i * stride + at + r * wide;
                store<double>(p, load<double>(p) * whole);
            }
        }
    }
    likelihood.flush(1.0);
    for (size_t r = 0; r < padded; ++r) {
        scratch.scale[r] = scratch.weights[r];
    }
    return padded;
}

// Moments of y in few columns: all of them at once, in registers.
template <size_t d>
inline void few_moments(const double* share, const double* y, size_t stride, size_t rows, double* mass, double* first,
                        double* second) {
    constexpr size_t pairs = d * (d + 1) / 2;
    Vec<double> zeroth{}, one[d] = {}, two[pairs] = {};
    for (size_t r = 0; r < rows; r += width<double>) {
        const Vec<double> weight = load<double>(share + r);
        Vec<double> t[d];
        zeroth += weight;
        for (size_t j = 0, at = 0; j < d; ++j) {
            t[j] = load<double>(y + j * stride + r);
            const Vec<double> weighted = weight * t[j];
            one[j] += weighted;
            for (size_t l = 0; l <= j; ++l, ++at) {
                two[at] += weighted * t[l];
            }
        }
    }
    *mass += lane_sum<double>(zeroth);
    add_lane_sums<double, d>(one, first);
    add_lane_sums<double, pairs>(two, second);
}

// Sums of one component's scores, weighted by the numbers at `share`: their mass, first and second moments of y.
// The second are none, one, (d), or a packed lower triangle.
inline void score_moments(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                          const double* share, const double* y, size_t rows, double* mass, double* first,
                          double* second) {
    constexpr size_t wide = width<double>;
    const size_t d = plan.d, stride = scratch.stride;
    if ((scores.shape == Shape::tied || scores.shape == Shape::full) && d <= 3) {
        return d == 1   ? few_moments<1>(share, y, stride, rows, mass, first, second)
               : d == 2 ? few_moments<2>(share, y, stride, rows, mass, first, second)
                        : few_moments<3>(share, y, stride, rows, mass, first, second);
    }
    row_sums<double>(share, 1, stride, rows, mass);
    if (scores.shape == Shape::tied || scores.shape == Shape::full) {
        for (size_t j = 0; j < d; ++j) {
            for (size_t r = 0; r < rows; r += wide) {
                store<double>(scratch.weighted + j * stride + r,
                              load<double>(share + r) * load<double>(y + j * stride + r));
            }
        }
        row_sums<double>(scratch.weighted, d, stride, rows, first);
        triangle_sums<double>(scratch.weighted, y, d, stride, rows, second);
        return;
    }
    for (size_t j = 0; j < d; ++j) {
        Vec<double> one[2] = {}, two[2] = {};
        for (size_t r = 0; r < rows; r += 2 * wide) {
            for (size_t half = 0; half < 2; ++half) {
                const Vec<double> t = load<double>(y + j * stride + r + half * wide);
                const Vec<double> weighted = load<double>(share + r + half * wide) * t;
                one[half] += weighted;
                two[half] += weighted * t;
            }
        }
        first[j] += lane_sum<double>(one[0] + one[1]);
        if (scores.shape != Shape::none) {
            second[scores.shape == Shape::diag ? j : 0] += lane_sum<double>(two[0] + two[1]);
        }
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
