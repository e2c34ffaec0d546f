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

// Marks rows whose responsibility is shared and at least `counts`, and at least `much`.
inline void marked(const double* posterior, const double* rest, size_t count, size_t words, double counts,
                     double much, unsigned long long* some, unsigned long long* more) {
    constexpr size_t wide = width<double>;
    const Vec<double> low = splat<double>(counts), high = splat<double>(much);
    for (size_t word = 0; word < words; ++word) {
        unsigned long long shared = 0, above = 0;
        for (size_t at = 0; at < 64 && word * 64 + at < count; at += wide) {
            const size_t r = word * 64 + at;
            const Vec<double> p = load<double>(posterior + r);
            const unsigned hit = at_least(p, low) & at_least(load<double>(rest + r), low);
            shared |= static_cast<unsigned long long>(hit) << at;
            above |= static_cast<unsigned long long>(hit & at_least(p, high)) << at;
        }
        if (word * 64 + 64 > count) {
            const unsigned long long present = word * 64 < count ? (1ULL << (count - word * 64)) - 1 : 0;
            shared &= present;
            above &= present;
        }
        some[word] = shared;
        more[word] = above;
    }
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

// Adds sums of `lines` columns at `left` times the monomials, as those of the pairs of component i with others.
inline void add_pairs(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                      const ScoreScratch& own, size_t i, const double* left, size_t lines, const unsigned* others,
                      size_t rows, double* sums) {
    const size_t P = scores.products;
    for (size_t at = 0; at < lines * P; ++at) {
        own.totals[at] = 0.0;
    }
    feature_sums<double>(left, lines, own.features, P, scratch.stride, rows, own.totals);
    for (size_t line = 0; line < lines; ++line) {
        const size_t other = others == nullptr ? i + line : others[line];
        double* total = sums + scores.place[i * plan.k + other];
        for (size_t f = 0; f < P; ++f) {
            total[f] += own.totals[tiled_index(lines, P, line, f)];
        }
    }
}

// Adds the sums of the pairs that component i gives the basis for: with itself and those after it. Its responsibilities
// are used up.
inline void pairs_of(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                     const ScoreScratch& own, size_t i, size_t count, size_t found, double* sums) {
    const size_t k = plan.k, d = plan.d, stride = scratch.stride, words = (scratch.rows + 63) / 64;
    const size_t padded = whole_groups<double>(count);
    const unsigned long long *mask = own.masks + i * words, *much = own.masks + (k + i) * words;
    size_t lines = 1;
    bool direct = false;
    own.partners[0] = static_cast<unsigned>(i);
    for (size_t j = i + 1; j < k; ++j) {
        unsigned long long both = 0;
        for (size_t word = 0; word < words; ++word) {
            both |= (mask[word] & own.masks[(k + j) * words + word]) | (much[word] & own.masks[j * words + word]);
        }
        direct |= scores.direct[i * k + j];
        if (both != 0 && scores.direct[i * k + j]) {
            direct_pair(plan, scores, scratch, own, i, j, padded, sums + scores.place[i * k + j]);
        } else if (both != 0) {
            own.partners[lines++] = static_cast<unsigned>(j);
        }
    }
    double* posterior = scratch.posterior + i * stride;
    double *share = own.slopes, *left = own.others;
    const double* y = own.y + i * d * stride;
    multiplied(posterior, scratch.scale, padded, share);
    complements(posterior, own.top, own.rest, padded, posterior);
    if (3 * found >= 2 * count && 3 * lines >= 2 * (k - i) && !direct) {
        monomial_columns(scores.squares, d, share, y, stride, padded, own.features);
        add_pairs(plan, scores, scratch, own, i, posterior, k - i, nullptr, padded, sums);
        return;
    }
    size_t listed = 0;
    for (size_t word = 0; word < words; ++word) {
        for (unsigned long long rest = mask[word]; rest != 0; rest &= rest - 1) {
            own.list[listed++] = static_cast<unsigned>(word * 64 + static_cast<size_t>(__builtin_ctzll(rest)));
        }
    }
    const size_t rows = whole_groups<double>(found);
    gather(share, own.list, found, rows, own.slopes + stride);
    for (size_t a = 0; a < d; ++a) {
        gather(y + a * stride, own.list, found, rows, own.gathered + a * stride);
    }
    for (size_t line = 0; line < lines; ++line) {
        gather(scratch.posterior + own.partners[line] * stride, own.list, found, rows, left + line * stride);
    }
    monomial_columns(scores.squares, d, own.slopes + stride, own.gathered, stride, rows, own.features);
    add_pairs(plan, scores, scratch, own, i, left, lines, own.partners, rows, sums);
}

// Adds the sums of all pairs over one block.
inline void missing_block(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                          const ScoreScratch& own, size_t count, double counts, double* sums) {
    const size_t k = plan.k, words = (scratch.rows + 63) / 64, stride = scratch.stride;
    const double much = __builtin_sqrt(counts);  // two smaller responsibilities make a product that does not count
    for (size_t i = 0; i < k; ++i) {
        const double* posterior = scratch.posterior + i * stride;
        marked(posterior, own.rest, count, words, counts, much, own.masks + i * words, own.masks + (k + i) * words);
    }
    for (size_t i = 0; i < k; ++i) {
        size_t found = 0;
        for (size_t word = 0; word < words; ++word) {
            found += static_cast<size_t>(__builtin_popcountll(own.masks[i * words + word]));
        }
        if (found > 0) {
            pairs_of(plan, scores, scratch, own, i, count, found, sums);
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
