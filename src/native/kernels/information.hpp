// The missing information of a mixture: what not knowing the labels takes from the information of complete data.
//
// With scores s_i and responsibilities psi_i it is the sum over the rows of sum_i psi_i s_i s_i' - g g', where g is
// sum_i psi_i s_i (Louis, 1982): of the pairs' psi_i psi_j s_i s_j', and of psi_i (1 - psi_i) s_i s_i'. Scores of both
// components of a pair are polynomials of the deviations from one, so that monomials of these are summed, as a matrix
// product over rows. Rows that one component has to itself add nothing, and are left out.
#pragma once

#include "monomials.hpp"
#include "scores.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Largest responsibility of each row and the sum of the others. Returns whether some row is shared.
inline bool split_rows(const Plan<double>& plan, const Scratch<double>& scratch, const ScoreScratch& own, size_t rows,
                       double counts) {
    Vec<double> largest{};
    for (size_t r = 0; r < rows; r += width<double>) {
        Vec<double> most{}, others{};
        for (size_t i = 0; i < plan.k; ++i) {
            const Vec<double> p = load<double>(scratch.posterior + i * scratch.stride + r);
            others += p > most ? most : p;
            most = larger<double>(p, most);
        }
        store<double>(own.top + r, most);
        store<double>(own.rest + r, others);
        largest = larger<double>(load<double>(scratch.scale + r) > 0.0 ? others : Vec<double>{}, largest);
    }
    for (size_t lane = 0; lane < width<double>; ++lane) {
        if (largest[lane] >= counts) {
            return true;
        }
    }
    return false;
}

// Marks rows whose responsibility is at least `least` and shared. Returns how many there are.
inline size_t marked(const double* posterior, const double* rest, size_t count, size_t words, double least,
                     double counts, unsigned long long* mask) {
    constexpr size_t wide = width<double>;
    Bits<double> bit;
    for (size_t lane = 0; lane < wide; ++lane) {
        bit[lane] = 1LL << lane;
    }
    size_t found = 0;
    for (size_t word = 0; word < words; ++word) {
        unsigned long long marks = 0;
        for (size_t at = 0; at < 64 && word * 64 + at < count; at += wide) {
            const size_t r = word * 64 + at;
            const Bits<double> hit =
                ((load<double>(posterior + r) >= least) & (load<double>(rest + r) >= counts)) & bit;
            long long some = 0;
            for (size_t lane = 0; lane < wide; ++lane) {
                some |= hit[lane];
            }
            marks |= static_cast<unsigned long long>(some) << at;
        }
        if (word * 64 + 64 > count) {
            marks &= word * 64 < count ? (1ULL << (count - word * 64)) - 1 : 0;
        }
        mask[word] = marks;
        found += static_cast<size_t>(__builtin_popcountll(marks));
    }
    return found;
}

// A column of the listed rows, then zeros up to `padded`.
inline void gather(const double* column, const unsigned* list, size_t found, size_t padded, double* out) {
    for (size_t at = 0; at < found; ++at) {
        out[at] = column[list[at]];
    }
    for (size_t at = found; at < padded; ++at) {
        out[at] = 0.0;
    }
}

// The rows of a block that one component shares: listed, or all of them where these are most.
struct SharedRows {
    const unsigned* list;  // null for all
    size_t found, padded;

    // The column itself, or its listed rows in `place`.
    const double* column(const double* whole, double* place) const {
        if (list == nullptr) {
            return whole;
        }
        gather(whole, list, found, padded, place);
        return place;
    }
    void copy(const double* whole, double* place) const {
        if (list == nullptr) {
            for (size_t r = 0; r < padded; r += width<double>) {
                store<double>(place + r, load<double>(whole + r));
            }
        } else {
            gather(whole, list, found, padded, place);
        }
    }
};

// One minus the responsibility of a component; of the largest, the sum of the others says more than the difference.
inline void complements(const double* posterior, const double* top, const double* rest, size_t rows, double* out) {
    for (size_t r = 0; r < rows; r += width<double>) {
        const Vec<double> psi = load<double>(posterior + r);
        store<double>(out + r, psi == load<double>(top + r) ? load<double>(rest + r) : 1.0 - psi);
    }
}

// Pairs of which neither basis can stand for both: products of the elements of one with those of the other.
inline void direct_pair(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                        const ScoreScratch& own, size_t i, size_t j, size_t rows, double* total) {
    const size_t stride = scratch.stride, d = plan.d, size = scores.basis;
    double* share = own.gathered;
    multiplied(scratch.posterior + i * stride, scratch.scale, rows, share);
    basis_columns(scores.squares, d, share, own.y + i * d * stride, stride, rows, own.features);
    basis_columns(scores.squares, d, scratch.posterior + j * stride, own.y + j * d * stride, stride, rows, own.others);
    for (size_t at = 0; at < size * size; ++at) {
        own.totals[at] = 0.0;
    }
    feature_sums<double>(own.features, size, own.others, size, stride, rows, own.totals);
    for (size_t a = 0; a < size; ++a) {
        for (size_t b = 0; b < size; ++b) {
            total[a * size + b] += own.totals[tiled_index(size, size, a, b)];
        }
    }
}

// Adds the sums of the pairs that the component at `place` of the order gives the basis for, itself included.
inline void pairs_of(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                     const ScoreScratch& own, size_t place, size_t count, size_t found, double* sums) {
    const size_t k = plan.k, d = plan.d, stride = scratch.stride, words = (scratch.rows + 63) / 64;
    const size_t i = scores.order[place], P = scores.products;
    const unsigned long long *mask = own.masks + i * words, *much = own.masks + (k + i) * words;
    size_t partners = 0;
    for (size_t at = place + 1; at < k; ++at) {
        const size_t j = scores.order[at];
        unsigned long long both = 0;
        for (size_t word = 0; word < words; ++word) {
            both |= (mask[word] & own.masks[(k + j) * words + word]) | (much[word] & own.masks[j * words + word]);
        }
        if (both != 0 && !scores.direct[place * k + at]) {
            own.partners[partners++] = static_cast<unsigned>(at);
        }
    }
    SharedRows rows{nullptr, found, whole_groups<double>(count)};
    if (3 * found < 2 * count) {
        size_t listed = 0;
        for (size_t word = 0; word < words; ++word) {
            for (unsigned long long left = mask[word]; left != 0; left &= left - 1) {
                own.list[listed++] = static_cast<unsigned>(word * 64 + static_cast<size_t>(__builtin_ctzll(left)));
            }
        }
        rows = {own.list, found, whole_groups<double>(found)};
    }
    // Shares first: they are all that weighs rows, and padding has none.
    double* complement = own.others;
    complements(scratch.posterior + i * stride, own.top, own.rest, whole_groups<double>(count), own.slopes);
    rows.copy(own.slopes, complement);
    multiplied(scratch.posterior + i * stride, scratch.scale, whole_groups<double>(count), own.slopes);
    rows.copy(own.slopes, own.slopes + stride);
    const double* y = own.y + i * d * stride;
    for (size_t a = 0; rows.list != nullptr && a < d; ++a) {
        gather(y + a * stride, rows.list, found, rows.padded, own.gathered + a * stride);
    }
    monomial_columns(scores.squares, d, own.slopes + stride, rows.list == nullptr ? y : own.gathered, stride,
                     rows.padded, own.features);
    const size_t lines = 1 + partners;
    for (size_t at = 0; at < partners; ++at) {
        rows.copy(scratch.posterior + scores.order[own.partners[at]] * stride, own.others + (1 + at) * stride);
    }
    for (size_t at = 0; at < lines * P; ++at) {
        own.totals[at] = 0.0;
    }
    feature_sums<double>(own.others, lines, own.features, P, stride, rows.padded, own.totals);
    for (size_t line = 0; line < lines; ++line) {
        const size_t other = line == 0 ? place : own.partners[line - 1];
        double* total = sums + scores.place[place * k + other];
        for (size_t f = 0; f < P; ++f) {
            total[f] += own.totals[tiled_index(lines, P, line, f)];
        }
    }
}

// Adds the sums of all pairs over one block.
inline void missing_block(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                          const ScoreScratch& own, size_t count, double counts, double* sums) {
    const size_t k = plan.k, words = (scratch.rows + 63) / 64, stride = scratch.stride;
    const double much = __builtin_sqrt(counts);  // two smaller responsibilities make a product that does not count
    for (size_t i = 0; i < k; ++i) {
        const double* posterior = scratch.posterior + i * stride;
        const size_t found = marked(posterior, own.rest, count, words, counts, counts, own.masks + i * words);
        if (found > 0) {
            marked(posterior, own.rest, count, words, much, counts, own.masks + (k + i) * words);
        } else {
            for (size_t word = 0; word < words; ++word) {
                own.masks[(k + i) * words + word] = 0;
            }
        }
    }
    for (size_t place = 0; place < k; ++place) {
        const unsigned long long* mask = own.masks + scores.order[place] * words;
        size_t found = 0;
        for (size_t word = 0; word < words; ++word) {
            found += static_cast<size_t>(__builtin_popcountll(mask[word]));
        }
        if (found > 0) {
            pairs_of(plan, scores, scratch, own, place, count, found, sums);
            for (size_t other = place + 1; other < k; ++other) {
                if (scores.direct[place * k + other]) {
                    direct_pair(plan, scores, scratch, own, scores.order[place], scores.order[other],
                                whole_groups<double>(count), sums + scores.place[place * k + other]);
                }
            }
        }
    }
}

// Adds to `sums`: log likelihood, weight, mass (k), first moments of y (k, d), second ones; and where asked for those
// of all pairs.
inline bool range_information(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                              const ScoreScratch& own, const Scores& scores, size_t first, size_t last, double counts,
                              bool missing, double* sums) {
    const size_t k = plan.k, d = plan.d, stride = scratch.stride;
    const size_t each = scores.shape == Shape::tied ? 0 : scores.seconds;
    Likelihood<double> likelihood{};
    double weight = 0.0;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = scored_block(plan, rows, scratch, own.y, at, count, likelihood);
        for (size_t r = 0; r < count; ++r) {
            weight += scratch.scale[r];
        }
        for (size_t i = 0; i < k; ++i) {
            multiplied(scratch.posterior + i * stride, scratch.scale, padded, own.slopes);
            score_moments(plan, scores, scratch, own.slopes, own.y + i * d * stride, padded, sums + 2 + i,
                          sums + 2 + k + i * d, sums + scores.second + i * each);
        }
        if (missing && split_rows(plan, scratch, own, padded, counts)) {
            missing_block(plan, scores, scratch, own, count, counts, sums);
        }
    }
    sums[0] += likelihood.total + weight * plan.offset;
    sums[1] += weight;
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
