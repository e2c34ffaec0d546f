// Products of the missing information with a direction: moments under what responsibilities change by along it.
#pragma once

#include "scores.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Slope of component i's log joint density along a direction, at a block of rows.
inline void slope_along(const Plan<double>& plan, const Scores& scores, const Direction& direction, size_t i,
                        const double* y, size_t stride, size_t rows, double* slope) {
    constexpr size_t wide = width<double>;
    const size_t d = plan.d;
    const double* means = direction.means + i * d;
    const double* covariance = direction.covariances + (scores.shape == Shape::tied ? 0 : i * scores.seconds);
    for (size_t r = 0; r < rows; r += GROUP * wide) {
        Vec<double> sum[GROUP];
        for (int g = 0; g < GROUP; ++g) {
            sum[g] = splat<double>(direction.log_weights[i]);
        }
        for (size_t j = 0, at = 0; j < d; ++j) {
            Vec<double> t[GROUP], inner[GROUP];
            for (int g = 0; g < GROUP; ++g) {
                t[g] = load<double>(y + j * stride + r + g * wide);
                inner[g] = splat<double>(means[j]);
            }
            if (scores.shape == Shape::spherical || scores.shape == Shape::diag) {
                const double c = covariance[scores.shape == Shape::diag ? j : 0];
                for (int g = 0; g < GROUP; ++g) {
                    inner[g] -= c * t[g];
                    sum[g] += c;
                }
            } else if (scores.shape != Shape::none) {
                for (size_t l = 0; l <= j; ++l, ++at) {
                    for (int g = 0; g < GROUP; ++g) {
                        inner[g] -= covariance[at] * load<double>(y + l * stride + r + g * wide);
                    }
                }
                for (int g = 0; g < GROUP; ++g) {
                    sum[g] += covariance[at - 1];
                }
            }
            for (int g = 0; g < GROUP; ++g) {
                sum[g] += inner[g] * t[g];
            }
        }
        for (int g = 0; g < GROUP; ++g) {
            store<double>(slope + r + g * wide, sum[g]);
        }
    }
}

// Centred form: adds moments of y.
inline void centred_product(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                            const ScoreScratch& own, const Direction& direction, size_t rows, double* sums) {
    constexpr size_t wide = width<double>;
    const size_t k = plan.k, d = plan.d, stride = scratch.stride;
    const size_t each = scores.shape == Shape::tied ? 0 : scores.seconds;
    double* mean = scratch.density;
    for (size_t r = 0; r < rows; r += wide) {
        store<double>(mean + r, Vec<double>{});
    }
    for (size_t i = 0; i < k; ++i) {
        double* slope = own.slopes + i * stride;
        slope_along(plan, scores, direction, i, own.y + i * d * stride, stride, rows, slope);
        for (size_t r = 0; r < rows; r += wide) {
            const Vec<double> psi = load<double>(scratch.posterior + i * stride + r);
            store<double>(mean + r, load<double>(mean + r) + load<double>(slope + r) * psi);
        }
    }
    for (size_t i = 0; i < k; ++i) {
        double* share = own.slopes + i * stride;
        for (size_t r = 0; r < rows; r += wide) {
            const Vec<double> psi = load<double>(scratch.posterior + i * stride + r);
            const Vec<double> off = load<double>(share + r) - load<double>(mean + r);
            store<double>(share + r, off * psi * load<double>(scratch.scale + r));
        }
        score_moments(plan, scores, scratch, share, own.y + i * d * stride, rows, sums + 2 + i, sums + 2 + k + i * d,
                      sums + scores.second + i * each);
    }
}

// Feature form: adds to the feature sums. Squares that all components have in common, those of shared covariances,
// drop out of the changes.
inline void feature_product(const Plan<double>& plan, const Scratch<double>& scratch, const ScoreScratch& own,
                            const Direction& direction, size_t rows, Signed<double>& missing) {
    constexpr size_t wide = width<double>;
    const size_t k = plan.k, d = plan.d, stride = scratch.stride;
    double* v = scratch.features + stride;
    for (size_t at = 0; at < rows; at += GROUP * wide) {
        Vec<double> top[GROUP], sum[GROUP], mean[GROUP], unused[GROUP];
        square_features<double>(plan.squares, d, v + at, stride);
        feature_densities<double>(plan, v + at, scratch.posterior + at, stride, top, sum);
        for (int g = 0; g < GROUP; ++g) {
            unused[g] = Vec<double>{};
        }
        feature_products<double>(direction.theta, direction.constants, k, direction.features, v + at, stride,
                                 own.slopes + at, unused);
        for (int g = 0; g < GROUP; ++g) {
            mean[g] = Vec<double>{};
            missing |= ~(sum[g] >= 0.5);
            store<double>(scratch.features + at + g * wide, splat<double>(1.0));
        }
        for (size_t i = 0; i < k; ++i) {
            for (int g = 0; g < GROUP; ++g) {
                const size_t row = i * stride + at + g * wide;
                mean[g] += load<double>(scratch.posterior + row) * load<double>(own.slopes + row);
            }
        }
        for (int g = 0; g < GROUP; ++g) {
            mean[g] /= sum[g];
            sum[g] = load<double>(scratch.weights + at + g * wide) / sum[g];
        }
        for (size_t i = 0; i < k; ++i) {
            for (int g = 0; g < GROUP; ++g) {
                const size_t row = i * stride + at + g * wide;
                const Vec<double> off = load<double>(own.slopes + row) - mean[g];
                store<double>(scratch.posterior + row, off * load<double>(scratch.posterior + row) * sum[g]);
            }
        }
    }
    feature_sums<double>(scratch.posterior, k, scratch.features, plan.moment_features, stride, rows,
                         scratch.feature_sums);
}

// Adds to `sums`, each row weighing what its responsibility changes by along the direction: moments of y as
// range_information does, then moments of the coordinates about the means, as range_moments does, from blocks of rows
// that the feature form serves.
inline bool range_product(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                          const ScoreScratch& own, const Scores& scores, const Direction& direction, size_t first,
                          size_t last, double* sums) {
    clear_feature_sums<double>(plan, scratch);
    Likelihood<double> likelihood{};
    double* v = scratch.features + scratch.stride;
    bool by_features = false;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = whole_groups<double>(count);
        if (plan.features) {
            load_rows<double>(rows, at, count, plan.center, scratch, v);
            if (within_limit<double>(plan, v, scratch.stride, padded)) {
                feature_product(plan, scratch, own, direction, padded, likelihood.missing);
                by_features = true;
                continue;
            }
        }
        scored_block(plan, rows, scratch, own.y, at, count, likelihood);
        centred_product(plan, scores, scratch, own, direction, padded, sums);
    }
    if (by_features) {
        move_feature_sums<double>(plan, scratch, sums + scores.second + (scores.shape == Shape::tied
                                                                             ? scores.seconds
                                                                             : plan.k * scores.seconds));
    }
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
