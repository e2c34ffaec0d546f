// Vectors of float or double, and the few functions the kernels need of them.
//
// Included once for each instruction set, inside a namespace of its own: functions of the same name that were
// compiled for different instruction sets must never be merged by the linker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef GMMSCAPE_ISA
#error "define GMMSCAPE_ISA (a namespace) and GMMSCAPE_VECTOR_BYTES first"
#endif

namespace gmmscape::GMMSCAPE_ISA {

using std::int32_t;
using std::int64_t;
using std::size_t;
using std::uint32_t;
using std::uint64_t;

template <class T>
struct Simd;

template <>
struct Simd<double> {
    using Integer = int64_t;
    typedef double Vector __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    typedef uint64_t Bits __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    typedef int64_t Signed __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    static constexpr int mantissa = 52;
    static constexpr double magic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
    static constexpr double log2e = 1.4426950408889634074;
    static constexpr double ln2 = 0.69314718055994530942;
    static constexpr double smallest_exponent = -554.5;  // 2^-800, as in the reference engine
    static constexpr uint64_t root_half = 0x3FE6A09E667F3BCDULL;
    // Minimax for the relative error of exp on [-log(2)/2, log(2)/2] (Remez): 3e-18.
    static constexpr double exponential[] = {1.0,
                                             1.0000000000000000304,
                                             0.50000000000000176858,
                                             0.16666666666666168659,
                                             0.041666666666492765912,
                                             0.0083333333335592731397,
                                             0.0013888888951224360359,
                                             0.00019841269432676789485,
                                             0.000024801486521026083431,
                                             2.7557622532083597564e-6,
                                             2.7632293428902488726e-7,
                                             2.4994304769432008249e-8};
    static constexpr int logarithm_terms = 11;
};

template <>
struct Simd<float> {
    using Integer = int32_t;
    typedef float Vector __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    typedef uint32_t Bits __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    typedef int32_t Signed __attribute__((vector_size(GMMSCAPE_VECTOR_BYTES)));
    static constexpr int mantissa = 23;
    static constexpr float magic = 12582912.0f;
    static constexpr float log2e = 1.4426950408889634f;
    static constexpr float ln2 = 0.69314718055994530942f;
    static constexpr float smallest_exponent = -55.4f;  // 2^-80: products with small deviations stay normal
    static constexpr uint32_t root_half = 0x3F3504F3U;
    // As above: 2e-9.
    static constexpr float exponential[] = {1.0f,           1.00000003632f,   0.499999920798f,  0.16666420169f,
                                            0.0416682255731f, 0.00837481588082f, 0.00138368460307f};
    static constexpr int logarithm_terms = 5;
};

template <class T>
using Vec = typename Simd<T>::Vector;
// Unsigned: where an argument is far below what an exponential can hold, sums of its bits wrap.
template <class T>
using Bits = typename Simd<T>::Bits;
// What comparisons give: all bits of a lane are set, or none.
template <class T>
using Signed = typename Simd<T>::Signed;

template <class T>
constexpr size_t width = GMMSCAPE_VECTOR_BYTES / sizeof(T);

template <class T>
inline Vec<T> load(const T* p) {
    Vec<T> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

template <class T>
inline void store(T* p, Vec<T> v) {
    __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
inline Vec<T> splat(T s) {
    return s - Vec<T>{};  // not {} + s, which would change the sign of a zero and so costs an addition
}

template <class T>
inline Vec<T> larger(Vec<T> a, Vec<T> b) {
    return a > b ? a : b;  // b where a is NaN
}

template <class T>
inline Bits<T> bits_of(Vec<T> v) {
    Bits<T> b;
    __builtin_memcpy(&b, &v, sizeof b);
    return b;
}

template <class T>
inline Vec<T> from_bits(Bits<T> b) {
    Vec<T> v;
    __builtin_memcpy(&v, &b, sizeof v);
    return v;
}

// Moved down by some places as signed numbers: the highest bit fills what becomes free.
template <class T>
inline Bits<T> moved_down(Bits<T> b, int places) {
    Signed<T> s;
    __builtin_memcpy(&s, &b, sizeof s);
    s >>= places;
    __builtin_memcpy(&b, &s, sizeof b);
    return b;
}

// Bit i says whether lane i of a is at least that of b; not where one is NaN.
inline unsigned at_least(Vec<double> a, Vec<double> b) {
#if defined(__x86_64__) && GMMSCAPE_VECTOR_BYTES == 64
    return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ);
#elif defined(__x86_64__) && GMMSCAPE_VECTOR_BYTES == 32
    return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GE_OQ)));
#else
    unsigned bits = 0;
    for (size_t i = 0; i < width<double>; ++i) {
        bits |= (a[i] >= b[i] ? 1U : 0U) << i;
    }
    return bits;
#endif
}

#if GMMSCAPE_VECTOR_BYTES == 64
// Lane i is entry index_i mod 16 of a table of two vectors.
inline Vec<double> looked_up(Vec<double> low, Vec<double> high, Bits<double> index) {
#if defined(__clang__)
    Vec<double> found;
    for (size_t i = 0; i < width<double>; ++i) {
        found[i] = (index[i] & 8) != 0 ? high[index[i] & 7] : low[index[i] & 7];
    }
    return found;
#else
    return __builtin_shuffle(low, high, index);
#endif
}

// As `exponential`, with x = (16 e + i) log(2)/16 + r: a table of 2^(i/16), which two registers hold, saves half
// of the polynomial.
inline Vec<double> tabled_exponential(Vec<double> x) {
    const Vec<double> low = {1.0,
                             1.0442737824274138403,
                             1.0905077326652576592,
                             1.1387886347566916537,
                             1.1892071150027210667,
                             1.2418578120734840486,
                             1.2968395546510096659,
                             1.3542555469368927283};
    const Vec<double> high = {1.4142135623730950488,
                              1.4768261459394993114,
                              1.5422108254079408236,
                              1.6104903319492543082,
                              1.6817928305074290861,
                              1.7562521603732994831,
                              1.8340080864093424635,
                              1.9152065613971472939};
    const Vec<double> shifted = x * 23.083120654223414 + Simd<double>::magic;
    const Vec<double> n = shifted - Simd<double>::magic;
    const Vec<double> r = x - n * 0.043321698784996581839;
    // Minimax for the relative error on [-log(2)/32, log(2)/32]: 7e-18.
    Vec<double> p = splat<double>(0.0013888685245313570058);
    p = p * r + 0.0083334962442719056513;
    p = p * r + 0.041666666690553408797;
    p = p * r + 0.16666666662844987954;
    p = p * r + 0.4999999999999952369;
    p = p * r + 1.0000000000000022412;
    const Vec<double> power = looked_up(low, high, bits_of<double>(shifted));
    const Vec<double> e = power * (p * r) + power;
    const Vec<double> scaled = from_bits<double>(bits_of<double>(e) + ((bits_of<double>(shifted) & ~15ULL) << 48));
    return x < Simd<double>::smallest_exponent ? Vec<double>{} : scaled;
}
#endif

// exp(x) for x <= 0 with a relative error of eps (1 + |x| / 2), about what rounding of x makes; exactly 0 below
// Simd<T>::smallest_exponent, NaN for NaN.
template <class T>
inline Vec<T> exponential(Vec<T> x) {
    using S = Simd<T>;
#if GMMSCAPE_VECTOR_BYTES == 64
    if constexpr (sizeof(T) == 8) {
        return tabled_exponential(x);
    }
#endif
    constexpr int degree = sizeof(S::exponential) / sizeof(T) - 1;
    const Vec<T> shifted = x * S::log2e + S::magic;
    const Vec<T> n = shifted - S::magic;
    const Vec<T> r = x - n * S::ln2;
    Vec<T> p = splat<T>(S::exponential[degree]);
#pragma GCC unroll 16
    for (int i = degree - 1; i >= 0; --i) {
        p = p * r + S::exponential[i];
    }
    // The low bits of `shifted` are those of the integer n: moved into the exponent they multiply by 2^n.
    const Vec<T> scaled = from_bits<T>(bits_of<T>(p) + (bits_of<T>(shifted) << S::mantissa));
    return x < S::smallest_exponent ? Vec<T>{} : scaled;
}

// log(x) for normal positive x, to two units in the last place.
template <class T>
inline Vec<T> logarithm(Vec<T> x) {
    using S = Simd<T>;
    const Bits<T> above = bits_of<T>(x) - S::root_half;
    const Bits<T> exponent = moved_down<T>(above, S::mantissa);
    const Vec<T> m = from_bits<T>(bits_of<T>(x) - (exponent << S::mantissa));  // in [sqrt(1/2), sqrt(2))
    const Vec<T> e = from_bits<T>(exponent + bits_of<T>(splat<T>(S::magic))) - S::magic;
    const Vec<T> s = (m - T(1)) / (m + T(1));  // log m = 2 artanh s
    const Vec<T> z = s * s;
    Vec<T> p = splat<T>(T(2) / T(2 * S::logarithm_terms - 1));
#pragma GCC unroll 16
    for (int i = S::logarithm_terms - 2; i >= 0; --i) {
        p = p * z + T(2) / T(2 * i + 1);
    }
    return e * S::ln2 + s * p;
}

// Lane i of the result is lane Index::of(i) of the 2 * width lanes of a and b.
template <class T, class Index, size_t... I>
inline Vec<T> shuffled(Vec<T> a, Vec<T> b, std::index_sequence<I...>) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, static_cast<int>(Index::of(I))...);
#else
    return __builtin_shuffle(a, b, Signed<T>{static_cast<typename Simd<T>::Integer>(Index::of(I))...});
#endif
}

template <size_t chunk, size_t odd>
struct Chunks {
    static constexpr size_t of(size_t lane) { return (2 * (lane / chunk) + odd) * chunk + lane % chunk; }
};

// Neighbouring chunks of lanes of a and b added: the first half of the result is a's, the second b's.
template <class T, size_t chunk>
inline Vec<T> folded(Vec<T> a, Vec<T> b) {
    constexpr auto lanes = std::make_index_sequence<width<T>>{};
    return shuffled<T, Chunks<chunk, 0>>(a, b, lanes) + shuffled<T, Chunks<chunk, 1>>(a, b, lanes);
}

// Lanes of which bit `chunk` is set are exchanged with lanes of the other vector of which it is not.
template <size_t W, size_t chunk>
struct Exchanged {
    struct First {
        static constexpr size_t of(size_t lane) { return (lane & chunk) != 0 ? W + lane - chunk : lane; }
    };
    struct Second {
        static constexpr size_t of(size_t lane) { return (lane & chunk) != 0 ? W + lane : lane + chunk; }
    };
};

// Transposes width<T> vectors in place.
template <class T, size_t chunk = width<T> / 2>
inline void transpose_lanes(Vec<T>* v) {
    if constexpr (chunk > 0) {
        constexpr auto lanes = std::make_index_sequence<width<T>>{};
        using Exchange = Exchanged<width<T>, chunk>;
        for (size_t i = 0; i < width<T>; ++i) {
            if ((i & chunk) == 0) {
                const Vec<T> a = v[i], b = v[i + chunk];
                v[i] = shuffled<T, typename Exchange::First>(a, b, lanes);
                v[i + chunk] = shuffled<T, typename Exchange::Second>(a, b, lanes);
            }
        }
        transpose_lanes<T, chunk / 2>(v);
    }
}

// Sums over the lanes of width<T> vectors, as the lanes of one.
template <class T, size_t count = width<T>>
inline Vec<T> lane_sums(const Vec<T>* v) {
    if constexpr (count == 1) {
        return v[0];
    } else {
        constexpr size_t chunk = count / 2;
        Vec<T> half[chunk];
        for (size_t i = 0; i < chunk; ++i) {
            half[i] = folded<T, chunk>(v[2 * i], v[2 * i + 1]);
        }
        return lane_sums<T, chunk>(half);
    }
}

template <class T>
inline double lane_sum(Vec<T> v) {
    double total = 0.0;
    for (size_t i = 0; i < width<T>; ++i) {
        total += static_cast<double>(v[i]);
    }
    return total;
}

// total[i] += the sum over the lanes of v[i], in double.
template <class T, size_t count>
inline void add_lane_sums(const Vec<T>* v, double* total) {
    constexpr size_t W = width<T>;
    constexpr size_t whole = count / W * W;
#pragma GCC unroll 16
    for (size_t first = 0; first < whole; first += W) {
        const Vec<T> sums = lane_sums<T>(v + first);
        for (size_t i = 0; i < W; ++i) {
            total[first + i] += static_cast<double>(sums[i]);
        }
    }
#pragma GCC unroll 16
    for (size_t i = whole; i < count; ++i) {
        total[i] += lane_sum<T>(v[i]);
    }
}

}  // namespace gmmscape::GMMSCAPE_ISA
