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
    bool pooled;                      // second moments of all rows together are taken, about the center
    Squares squares;                  // that are computed
    size_t density_features;          // of them, from the first coordinate on
    size_t moment_features;           // with the constant, which comes first
    double half_precision;            // of the squared length that all components have in common
    const double* common;             // where that is a form of all products: its entries for `pooled`; else null
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
    T* deviations;    // (d + TILE)
    T* weighted;      // (d + TILE)
    T* posterior;     // (k)
    T* weights;
    T* roots;         // of weighted responsibilities
    T* scale;         // weight / sum of exponentials
    T* density;
    T* scores;           // (k * d + TILE), of derivatives only
    T* weighted_scores;
    double* feature_sums;  // in the order in which the tiles are computed
    double* pooled;        // packed lower triangle of second moments of all rows together
    double* moved;         // (d + moment features): those of one component, to be moved
};

// Responsibilities from some threshold on, one entry each; `rest` is one minus it, without losing digits.
struct Covered {
    unsigned* component;
    unsigned* row;
    double* posterior;
    double* rest;
    size_t size, capacity;
};

// What scores are made of: 1, the coordinates of y = U'(x - mean), and squares of them, a basis for each component
// (docs/mathematics.md#own-units). Products of two elements of one basis are sums of `products` monomials of y.
struct Scores {
    Shape shape;
    Squares squares;   // of a component alone; none where a covariance is shared or known
    size_t basis;      // elements
    size_t products;   // monomials
    size_t second;     // where the second moments of y lie, of `seconds` numbers a component or all together,
    size_t seconds;
    size_t size;       // and how many sums there are with those of all pairs
    const size_t* place;     // (k, k): where the sums of a pair lie, of which the first component gives the basis
    const bool* direct;      // (k, k): whether those are products of the elements of both
};

// Working memory of one thread for scores, besides its `Scratch`; columns are those of a block.
struct ScoreScratch {
    double* y;                  // (k * d + TILE): deviations, in standard deviations of each component
    double* slopes;             // (k)
    double* top;                // largest responsibility of each row
    double* rest;               // the sum of the others
    double* gathered;           // (d)
    double* features;           // (products, or basis)
    double* others;             // (k, or basis)
    double* totals;             // (k * products, or basis^2): not columns
    unsigned long long* masks;  // (2 k, rows / 64): rows where a component shares responsibility, and has much of it
    unsigned* list;             // (rows)
    unsigned* partners;         // (k)
};

// A change of the scores' coefficients: slopes of the log joint densities along it, as products with the basis and, for
// the feature form, with features (tiles of components, features outside).
struct Direction {
    const double* log_weights;  // (k)
    const double* means;        // (k, d)
    const double* covariances;  // (k, seconds), or (seconds) for all: packed lower triangles of matrices
    const double* theta;
    const double* constants;    // (k)
    size_t features;            // of them, from the first coordinate on
};

// Points with a diagonal metric each, below another one.
struct Metrics {
    size_t d;
    const double* places;  // (k, d)
    const double* low;     // (k, d)
    const double* high;
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
    // Moments of scores and, where asked for, the missing information; see information.hpp.
    bool (*information)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, const ScoreScratch&,
                        const Scores&, size_t first, size_t last, double counts, bool missing, double* sums);
    // Its product with a direction; see product.hpp.
    bool (*product)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, const ScoreScratch&,
                    const Scores&, const Direction&, size_t first, size_t last, double* sums);
    // The responsibilities of a range from a threshold on; see coverage.hpp.
    bool (*coverage)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                     double threshold, Covered& found);
    // The component of largest joint density at each row; the largest squared distance of rows from a place in the
    // metric of component i, NaN where one is.
    void (*nearest)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                    unsigned* nearest);
    double (*furthest)(const Plan<double>&, const Rows<double>&, const Scratch<double>&, size_t first, size_t last,
                       size_t i, const double* place);
    // Lower and upper bounds of squared distances from a box, of the points of a list; see boxes.hpp.
    void (*box_distances)(const Metrics& metrics, const double* center, const double* half, const unsigned* list,
                          size_t count, double* nearest, double* furthest);
    void (*distances)(const Metrics& metrics, const double* center, const unsigned* list, size_t count,
                      double* squared);
    // A v, and v - A' c, for n lines of m numbers.
    void (*lines_times)(const double* A, size_t n, size_t m, const double* v, double* out);
    void (*subtract_lines)(const double* A, size_t n, size_t m, const double* c, double* v);
    // What the machine can do at best: multiply-adds, exponentials, bytes read; the caller takes the time.
    double (*multiply_add)(size_t repetitions);
    double (*exponentials)(size_t repetitions);
    double (*read)(const double* x, size_t n);
};

}  // namespace gmmscape
