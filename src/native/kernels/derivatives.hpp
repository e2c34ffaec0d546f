// Derivatives of the location family's likelihood in the means, and what rounding does to them.
//
// Deviations are in standard deviations here: the caller knows the powers of sigma.
#pragma once

#include "pass.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Responsibilities of a block (not weighted), its weights in `scratch.scale`; adds to the log likelihood.
inline void unweighted_posterior(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                                 size_t first, size_t count, Likelihood<double>& likelihood) {
    const size_t padded = whole_groups<double>(count);
    Rows<double> unit = rows;
    unit.weights = nullptr;
    unit.weight = 1.0;
    load_rows<double>(unit, first, count, plan.centred_origin, scratch, scratch.features + scratch.stride);
    centred_posterior<double>(plan, scratch, padded, likelihood);
    likelihood.block = Vec<double>{};
    for (size_t r = 0; r < padded; ++r) {
        scratch.scale[r] = r >= count ? 0.0 : rows.weights == nullptr ? rows.weight : rows.weights[first + r];
        likelihood.total += scratch.scale[r] * (r < count ? plan.offset + scratch.density[r] : 0.0);
    }
}

// One coordinate of the deviations from component i, in standard deviations.
inline Vec<double> standardised(const Plan<double>& plan, const Scratch<double>& scratch, size_t i, size_t j,
                                size_t r) {
    const Vec<double> v = load<double>(scratch.features + (1 + j) * scratch.stride + r);
    return (v - plan.high[i * plan.d + j]) * plan.precision[i];
}

// Adds to `sums`: log likelihood, mass (k), weighted deviations (k, d), and where asked for the second derivative:
// weighted products of scores, psi_i y_i, of all pairs, and of deviations within a component (lower triangles).
inline bool range_derivatives(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                              size_t first, size_t last, bool hessian, double* sums) {
    const size_t k = plan.k, d = plan.d, stride = scratch.stride, size = k * d;
    double* mass = sums + 1;
    double* gradient = mass + k;
    double* products = gradient + size;
    double* spread = hessian ? products + size * (size + 1) / 2 : nullptr;
    Likelihood<double> likelihood{};
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<double>(count);
        unweighted_posterior(plan, rows, scratch, at, count, likelihood);
        for (size_t i = 0; i < k; ++i) {
            Vec<double> total{};
            double* scores = hessian ? scratch.scores + i * d * stride : nullptr;
            double* weighted = hessian ? scratch.weighted_scores + i * d * stride : scratch.weighted;
            for (size_t r = 0; r < padded; r += width<double>) {
                const Vec<double> psi = load<double>(scratch.posterior + i * stride + r);
                const Vec<double> share = psi * load<double>(scratch.scale + r);
                total += share;
                for (size_t j = 0; j < d; ++j) {
                    const Vec<double> y = standardised(plan, scratch, i, j, r);
                    store<double>(weighted + j * stride + r, share * y);
                    if (hessian) {
                        store<double>(scores + j * stride + r, psi * y);
                        store<double>(scratch.deviations + j * stride + r, y);
                    }
                }
            }
            mass[i] += lane_sum<double>(total);
            row_sums<double>(weighted, d, stride, padded, gradient + i * d);
            if (hessian) {
                triangle_sums<double>(weighted, scratch.deviations, d, stride, padded, spread + i * (d * (d + 1) / 2));
            }
        }
        if (hessian) {
            triangle_sums<double>(scratch.weighted_scores, scratch.scores, size, stride, padded, products);
        }
    }
    sums[0] += likelihood.total;
    return !likelihood.lost();
}

inline Vec<double> square_root(Vec<double> x) {
    Vec<double> root;
    for (size_t i = 0; i < width<double>; ++i) {
        root[i] = __builtin_sqrt(x[i]);
    }
    return root;
}

// Adds to `sums` the rounding error of the log likelihood, and of each component's derivatives: gradient (k) and
// second derivative (k). A squared distance m^2 errs by eps * (1 + constant + m^2) + shift * m.
inline bool range_rounding(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                           size_t first, size_t last, double constant, double shift, double* sums) {
    constexpr double eps = 2.220446049250313e-16;
    const size_t k = plan.k, stride = scratch.stride;
    Likelihood<double> likelihood{};
    double* gradient = sums + 1;
    double* second = gradient + k;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<double>(count);
        unweighted_posterior(plan, rows, scratch, at, count, likelihood);
        for (size_t r = 0; r < padded; r += GROUP * width<double>) {
            Vec<double> value[GROUP] = {};
            for (size_t i = 0; i < k; ++i) {
                Vec<double> squared[GROUP], slope{}, bend{};
                squared_distance<double>(plan, i, scratch.features + stride + r, stride, squared);
                for (int g = 0; g < GROUP; ++g) {
                    const size_t row = r + g * width<double>;
                    const Vec<double> psi = load<double>(scratch.posterior + i * stride + row);
                    const Vec<double> m2 = psi > 0.0 ? squared[g] : Vec<double>{};
                    const Vec<double> m = square_root(m2);
                    const Vec<double> error = eps * (1.0 + constant + m2) + shift * m;
                    const Vec<double> doubt = psi * (1.0 - psi) * error;
                    const Vec<double> weight = load<double>(scratch.scale + row);
                    value[g] += psi * error;
                    slope += weight * (doubt * m + psi * (eps * m + shift));
                    bend += weight * (doubt * m2 + psi * (eps * (1.0 + m2) + shift * m));
                }
                gradient[i] += lane_sum<double>(slope);
                second[i] += lane_sum<double>(bend);
            }
            for (int g = 0; g < GROUP; ++g) {
                const size_t row = r + g * width<double>;
                const Vec<double> density = load<double>(scratch.density + row) + plan.offset;
                const Vec<double> size = density < 0.0 ? -density : density;
                sums[0] += lane_sum<double>(load<double>(scratch.scale + row) * (value[g] + eps * size));
            }
        }
    }
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
