// Log joint densities of a block of rows, and responsibilities from them.
#pragma once

#include "../contract.hpp"
#include "vectors.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Vectors of rows that the innermost loops treat together; with TILE they must fit the registers.
#if GMMSCAPE_VECTOR_BYTES == 64
constexpr int GROUP = 4;
#else
constexpr int GROUP = 2;
#endif

template <class T>
constexpr T lowest = sizeof(T) == 8 ? T(-1e300) : T(-1e37f);

// Coordinates minus a place given in two parts; in double the second is zero.
template <class T>
inline Vec<T> minus(Vec<T> v, T high, T low) {
    if constexpr (sizeof(T) == 8) {
        return v - high;
    } else {
        return (v - high) - low;
    }
}

// Log densities of `tile` components from P features, for GROUP vectors of rows.
template <class T, int tile>
inline void feature_tile(const T* theta, const T* constants, size_t P, const T* z, size_t stride, T* out,
                         Vec<T>* top) {
    Vec<T> sum[tile][GROUP];
    for (int i = 0; i < tile; ++i) {
        for (int r = 0; r < GROUP; ++r) {
            sum[i][r] = splat<T>(constants[i]);
        }
    }
    for (size_t f = 0; f < P; ++f) {
        Vec<T> feature[GROUP];
        for (int r = 0; r < GROUP; ++r) {
            feature[r] = load<T>(z + f * stride + r * width<T>);
        }
        for (int i = 0; i < tile; ++i) {
            const T t = theta[f * tile + i];
            for (int r = 0; r < GROUP; ++r) {
                sum[i][r] += feature[r] * t;
            }
        }
    }
    for (int i = 0; i < tile; ++i) {
        for (int r = 0; r < GROUP; ++r) {
            store<T>(out + i * stride + r * width<T>, sum[i][r]);
            top[r] = larger<T>(sum[i][r], top[r]);
        }
    }
}

// Coordinates of one group of rows less a place that is given in two parts.
template <class T>
struct Deviations {
    const T* v;
    size_t stride;
    const T* high;
    const T* low;

    Vec<T> operator()(size_t j, int r) const {
        return minus<T>(load<T>(v + j * stride + r * width<T>), high[j], low[j]);
    }
};

// Four entries of U' y for GROUP vectors of rows: the first `count` deviations y, `columns` is a tile of U.
template <class T>
inline void factor_tile(const T* columns, size_t count, Deviations<T> y, Vec<T> (*sum)[GROUP]) {
    for (size_t i = 0; i < TILE; ++i) {
        for (int r = 0; r < GROUP; ++r) {
            sum[i][r] = Vec<T>{};
        }
    }
    for (size_t l = 0; l < count; ++l) {
        Vec<T> entry[GROUP];
        for (int r = 0; r < GROUP; ++r) {
            entry[r] = y(l, r);
        }
        for (size_t i = 0; i < TILE; ++i) {
            const T u = columns[l * TILE + i];
            for (int r = 0; r < GROUP; ++r) {
                sum[i][r] += entry[r] * u;
            }
        }
    }
}

// Squared length of U' y; U' y itself is written to `product` if that is not null. Deviations are cheaper to take
// again for each tile than to keep.
template <class T>
inline void squared_product(const T* columns, size_t d, Deviations<T> y, Vec<T>* squared, T* product) {
    for (int r = 0; r < GROUP; ++r) {
        squared[r] = Vec<T>{};
    }
    for (size_t j = 0; j < d; j += TILE) {
        const size_t count = j + TILE < d ? j + TILE : d;
        Vec<T> sum[TILE][GROUP];
        factor_tile<T>(columns, count, y, sum);
        columns += count * TILE;
        for (size_t i = 0; i < TILE; ++i) {
            for (int r = 0; r < GROUP; ++r) {
                squared[r] += sum[i][r] * sum[i][r];
                if (product != nullptr) {
                    store<T>(product + (j + i) * y.stride + r * width<T>, sum[i][r]);
                }
            }
        }
    }
}

// Turns log joint densities, of which `top` holds the largest, into unnormalised responsibilities; their sum.
template <class T>
inline void exponentials(T* joint, size_t k, size_t stride, Vec<T>* top, Vec<T>* sum) {
    for (int r = 0; r < GROUP; ++r) {
        top[r] = larger<T>(top[r], splat<T>(lowest<T>));
        sum[r] = Vec<T>{};
    }
    for (size_t i = 0; i < k; ++i) {
        T* row = joint + i * stride;
        for (int r = 0; r < GROUP; ++r) {
            const Vec<T> e = exponential<T>(load<T>(row + r * width<T>) - top[r]);
            store<T>(row + r * width<T>, e);
            sum[r] += e;
        }
    }
}

// Products of features with k lines of coefficients in tiles, for one group of rows; the largest goes to `top`.
template <class T>
inline void feature_products(const T* theta, const T* constants, size_t k, size_t P, const T* features, size_t stride,
                             T* out, Vec<T>* top) {
    size_t i = 0;
    for (; i + TILE <= k; i += TILE, theta += TILE * P) {
        feature_tile<T, TILE>(theta, constants + i, P, features, stride, out + i * stride, top);
    }
    switch (k - i) {
        case 1: feature_tile<T, 1>(theta, constants + i, P, features, stride, out + i * stride, top); break;
        case 2: feature_tile<T, 2>(theta, constants + i, P, features, stride, out + i * stride, top); break;
        case 3: feature_tile<T, 3>(theta, constants + i, P, features, stride, out + i * stride, top); break;
        default: break;
    }
}

// Feature form for one group of rows: responsibilities times their sum go to `posterior`.
template <class T>
inline void feature_densities(const Plan<T>& plan, const T* features, T* posterior, size_t stride, Vec<T>* top,
                              Vec<T>* sum) {
    for (int r = 0; r < GROUP; ++r) {
        top[r] = splat<T>(lowest<T>);
    }
    feature_products<T>(plan.theta, plan.constants, plan.k, plan.density_features, features, stride, posterior, top);
    exponentials<T>(posterior, plan.k, stride, top, sum);
}

// Squared length of deviations in the metric of component i.
template <class T>
inline void squared_length(const Plan<T>& plan, size_t i, Deviations<T> deviations, Vec<T>* squared) {
    if (plan.shape == Shape::tied || plan.shape == Shape::full) {
        const size_t matrix = plan.shape == Shape::full ? i : 0;
        squared_product<T>(plan.columns + matrix * plan.factor_size, plan.d, deviations, squared, nullptr);
        return;
    }
    const bool diag = plan.shape == Shape::diag;
    const T* u = plan.precision + (diag ? i * plan.d : i);
    for (int r = 0; r < GROUP; ++r) {
        squared[r] = Vec<T>{};
    }
    for (size_t j = 0; j < plan.d; ++j) {
        for (int r = 0; r < GROUP; ++r) {
            const Vec<T> t = deviations(j, r) * u[diag ? j : 0];
            squared[r] += t * t;
        }
    }
}

// Squared Mahalanobis distance of one group of rows from component i.
template <class T>
inline void squared_distance(const Plan<T>& plan, size_t i, const T* v, size_t stride, Vec<T>* squared) {
    const size_t at = i * plan.d;
    squared_length<T>(plan, i, {v, stride, plan.high + at, plan.low + at}, squared);
}

// Centred form for one group of rows, as feature_densities.
template <class T>
inline void centred_densities(const Plan<T>& plan, const T* v, T* posterior, size_t stride, Vec<T>* top, Vec<T>* sum) {
    for (int r = 0; r < GROUP; ++r) {
        top[r] = splat<T>(lowest<T>);
    }
    for (size_t i = 0; i < plan.k; ++i) {
        Vec<T> squared[GROUP];
        squared_distance<T>(plan, i, v, stride, squared);
        for (int r = 0; r < GROUP; ++r) {
            const Vec<T> joint = plan.centred_constants[i] - squared[r] * T(0.5);
            store<T>(posterior + i * stride + r * width<T>, joint);
            top[r] = larger<T>(joint, top[r]);
        }
    }
    exponentials<T>(posterior, plan.k, stride, top, sum);
}

}  // namespace gmmscape::GMMSCAPE_ISA
