// What crosses between the library and the kernels of one instruction set: plain data, no functions.
//
// Kernels are compiled several times. Anything inline that both sides shared could be emitted with the wrong
// instructions and merged by the linker; so kernels see these structures and nothing of the standard library.
#pragma once

#include <cstddef>

namespace gmmscape {

using std::size_t;

// Components (or columns of a factor, or features) that the innermost loops treat together.
constexpr size_t TILE = 4;

// Largest |x - center|^2 / variance in the feature form: it errs by about 1e-12, in float by 3e-5.
template <class T>
constexpr double feature_limit = sizeof(T) == 8 ? 1e4 : 512.0;

// Shape of covariances, and of the scatter that is accumulated; `none` where no scatter is.
enum class Shape { none, spherical, diag, tied, full };

// Which squares of the coordinates are features: none, their sum, each, or all products.
enum class Squares { none, sum, each, products };

// Rows, C-contiguous; coordinates count from `origin` (zero if null). Every row weighs `weight` if `weights`
// is null.
template <class T>
struct Rows {
    const T* x;
    size_t n, d;
    const double* origin;
    const double* weights;
    double weight;
};

// Where the sums of a pass lie in an array: log likelihood, weight, then these. Sums over weighted
// responsibilities of deviations from given places, one a component; additive. Second moments are sums over
// the columns (k), each column (k, d), or packed lower triangles (one, or k).
struct Moments {
    size_t mass, first, second, size;
    size_t each;  // second moments of one component; 0 where there are none or all share them
};

// A model laid out for the kernels.
//
// Log joint densities are computed in one of two forms. The *feature* form is a matrix product: parameters
// times features of the row (coordinates about a common center, and their squares or products), the features
// being shared by all components. It loses about eps * |x - center|^2 / variance, so each block of rows is
// checked against a limit. The *centred* form works on deviations from each component's own mean, as the
// reference engine does, and serves where the limit is exceeded, where d is large, and for derivatives.
template <class T>
struct Plan {
    Shape shape, scatter;
    size_t k, d;
    double offset;  // of every log density: the largest constant
    Moments moments;

    bool features;                    // whether the feature form may be used
    bool whitened;                    // its coordinates are multiplied by the tied factor first
    Squares squares;                  // that are computed
    size_t density_features;          // of them, from the first coordinate on
    size_t moment_features;           // with the constant, which comes first
    double half_precision;            // of the squared length that all components have in common
    const double* center;             // (d)
    const T* theta;                   // in tiles of components, features outside
    const T* constants;               // (k)
    const T* gate;                    // (d): sum of gate * (x - center)^2 is held against the limit

    const double* centred_origin;     // (d): what the centred form subtracts first
    const T* high;                    // (k, d): means relative to that, in two parts
    const T* low;
    const T* about_high;              // (k, d): places that moments are taken about
    const T* about_low;
    const double* about;              // (k, d), in the coordinates of the rows
    const T* precision;               // spherical (k), diag (k, d): reciprocal standard deviations
    const T* columns;                 // columns of triangular factors, in tiles
    size_t factor_size;               // entries of one of them
    const T* centred_constants;       // (k)
};

// Working memory of one thread: a block of rows, its features and responsibilities, with rows innermost and
// `stride` entries apart. The number of rows is a multiple of every vector width times group.
template <class T>
struct Scratch {
    size_t rows, stride;
    T* features;      // the constant, the coordinates, their squares
    T* whitened;      // (d + TILE)
    T* deviations;    // (d + TILE)
    T* weighted;      // (d + TILE)
    T* posterior;     // (k)
    T* weights;
    T* scale;         // weight / sum of exponentials
    T* density;
    T* scores;           // (k * d + TILE), of derivatives only
    T* weighted_scores;
    double* feature_sums;  // in the order in which the tiles are computed
    double* pooled;        // packed lower triangle
};

// Responsibilities from some threshold on, one entry each; `rest` is one minus it, without losing digits.
struct Covered {
    unsigned* component;
    unsigned* row;
    double* posterior;
    double* rest;
    size_t size, capacity;
};

// The scores of a component: derivatives of its log joint density in its own units (docs/mathematics.md#own-units).
// One of its log weight, one for each coordinate of its mean, then those of its covariance, which are `shared`
// by all components or not. Scores of one row lie `stride` entries from those of the next, in two padded parts.
struct Scores {
    Shape shape;
    size_t covariance;    // how many are of the covariance
    size_t own, shared;   // those of each component alone, and those of all together
    size_t own_width, shared_width;  // padded to whole vectors
    size_t stride;
    size_t second, pairs, across, common, size;  // where sums lie, see `range_information`
};

// Working memory of one thread for scores, besides its `Scratch`.
struct ScoreScratch {
    double* y;          // (k * d + TILE) columns of deviations, each in standard deviations of its component
    double* entries;    // (k, rows, stride)
    double* slopes;     // (k) columns: scores along a direction
    double* top;        // largest responsibility of each row,
    double* rest;       // the sum of the others,
    double* root;       // and the root of its weight
    double* mean;       // (shared): of one row
    unsigned long long* masks;  // (k, rows / 64): rows where a component shares responsibility
    unsigned* list;     // (rows)
    double* factors;    // (rows)
};

// The kernels of one instruction set. Row ranges are [first, last); functions that return bool say whether
// every row had a density (the reference engine knows what to do where none has).
template <class T>
struct KernelsOf {
    // Adds the moments of a range to `moments`.
    bool (*moments)(const Plan<T>&, const Rows<T>&, const Scratch<T>&, size_t first, size_t last, double* moments);
    // Log densities (n) or responsibilities (n, k); the other may be null.
    bool (*posterior)(const Plan<T>&, const Rows<T>&, const Scratch<T>&, size_t first, size_t last, double* density,
                      double* posterior);
};

struct Kernels {
    const char* name;
    size_t vector_bytes;
    KernelsOf<double> f64;
    KernelsOf<float> f32;
    // Derivatives of the location family; see derivatives.hpp for the sums.
    bool (*derivatives)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                        bool hessian, double* sums);
    bool (*rounding)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                     double constant, double shift, double* sums);
    // Moments of scores and, where asked for, the missing information; or its product with a direction.
    bool (*information)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, const ScoreScratch&,
                        const Scores&, size_t first, size_t last, double counts, bool missing, double* sums);
    bool (*product)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, const ScoreScratch&,
                    const Scores&, size_t first, size_t last, const double* direction, double* sums);
    // The responsibilities of a range from a threshold on; see coverage.hpp.
    bool (*coverage)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                     double threshold, Covered& found);
    // What the machine can do at best: multiply-adds, exponentials, bytes read; the caller takes the time.
    double (*multiply_add)(size_t repetitions);
    double (*exponentials)(size_t repetitions);
    double (*read)(const double* x, size_t n);
};

}  // namespace gmmscape
