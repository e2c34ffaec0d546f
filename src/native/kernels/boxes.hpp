// How near to a box, and how far from it, points are in diagonal metrics.
#pragma once

#include "../contract.hpp"
#include "vectors.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Squared distances from one coordinate of a box, the least and the largest.
struct BoxSide {
    Vec<double> near, far;
};

inline BoxSide box_side(Vec<double> center, Vec<double> half, Vec<double> place) {
    const Vec<double> away = larger<double>(place - center, center - place);
    const Vec<double> near = larger<double>(away - half, Vec<double>{}), far = away + half;
    return {near * near, far * far};
}

// Few columns: points of a list side by side.
inline void few_columns(const Metrics& metrics, const double* center, const double* half, const unsigned* list,
                        size_t count, double* nearest, double* furthest) {
    constexpr size_t W = width<double>;
    const size_t d = metrics.d;
    for (size_t a = 0; a < count; a += W) {
        const size_t lanes = count - a < W ? count - a : W;
        Vec<double> near{}, far{};
        for (size_t j = 0; j < d; ++j) {
            Vec<double> place{}, low{}, high{};
            for (size_t i = 0; i < lanes; ++i) {
                const size_t at = list[a + i] * d + j;
                place[i] = metrics.places[at];
                low[i] = metrics.low[at];
                high[i] = metrics.high[at];
            }
            const BoxSide side = box_side(splat<double>(center[j]), splat<double>(half[j]), place);
            near += low * side.near;
            far += high * side.far;
        }
        for (size_t i = 0; i < lanes; ++i) {
            nearest[a + i] = near[i];
            furthest[a + i] = far[i];
        }
    }
}

// Lower bounds of the squared distances of points of a list from any place in a box, and upper bounds.
inline void box_distances(const Metrics& metrics, const double* center, const double* half, const unsigned* list,
                          size_t count, double* nearest, double* furthest) {
    constexpr size_t W = width<double>;
    const size_t d = metrics.d, whole = d / W * W;
    if (d < 2 * W) {
        few_columns(metrics, center, half, list, count, nearest, furthest);
        return;
    }
    for (size_t a = 0; a < count; a += W) {
        const size_t lanes = count - a < W ? count - a : W;
        Vec<double> near[W], far[W];
        double left[2][W] = {};
        for (size_t i = 0; i < W; ++i) {
            near[i] = far[i] = Vec<double>{};
            if (i < lanes) {
                const size_t at = list[a + i] * d;
                const double *place = metrics.places + at, *low = metrics.low + at, *high = metrics.high + at;
                for (size_t j = 0; j < whole; j += W) {
                    const BoxSide side =
                        box_side(load<double>(center + j), load<double>(half + j), load<double>(place + j));
                    near[i] += load<double>(low + j) * side.near;
                    far[i] += load<double>(high + j) * side.far;
                }
                for (size_t j = whole; j < d; ++j) {
                    const double away = place[j] > center[j] ? place[j] - center[j] : center[j] - place[j];
                    const double inside = away > half[j] ? away - half[j] : 0.0;
                    left[0][i] += low[j] * inside * inside;
                    left[1][i] += high[j] * (away + half[j]) * (away + half[j]);
                }
            }
        }
        const Vec<double> nears = lane_sums<double>(near), fars = lane_sums<double>(far);
        for (size_t i = 0; i < lanes; ++i) {
            nearest[a + i] = nears[i] + left[0][i];
            furthest[a + i] = fars[i] + left[1][i];
        }
    }
}

// The same of one place instead of a box, where both metrics are one.
inline void distances(const Metrics& metrics, const double* center, const unsigned* list, size_t count,
                      double* squared) {
    constexpr size_t W = width<double>;
    const size_t d = metrics.d, whole = d / W * W;
    for (size_t a = 0; a < count; a += W) {
        const size_t lanes = count - a < W ? count - a : W;
        Vec<double> sum[W];
        double left[W] = {};
        for (size_t i = 0; i < W; ++i) {
            sum[i] = Vec<double>{};
            if (i < lanes) {
                const size_t at = list[a + i] * d;
                for (size_t j = 0; j < whole; j += W) {
                    const Vec<double> away = load<double>(metrics.places + at + j) - load<double>(center + j);
                    sum[i] += load<double>(metrics.low + at + j) * (away * away);
                }
                for (size_t j = whole; j < d; ++j) {
                    const double away = metrics.places[at + j] - center[j];
                    left[i] += metrics.low[at + j] * (away * away);
                }
            }
        }
        const Vec<double> sums = lane_sums<double>(sum);
        for (size_t i = 0; i < lanes; ++i) {
            squared[a + i] = sums[i] + left[i];
        }
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
