// The missing information of a mixture: what not knowing the labels takes from the information of complete data.
//
// With scores s_i and responsibilities psi_i it is the sum over the rows of sum_i psi_i s_i s_i' - g g', where g is
// sum_i psi_i s_i (Louis, 1982). Rows that one component has to itself add nothing; of the others only responsibilities
// that count are used.
#pragma once

#include "scores.hpp"

namespace gmmscape::GMMSCAPE_ISA {

// Adds `lines` x `vectors` vectors of outer products: total[l][c] += f_r a_r[l] b_r[c], rows r as listed.
template <int lines, int vectors, bool scaled>
inline void outer_tile(const double* a, const double* b, size_t stride, const unsigned* list, const double* factors,
                       size_t count, double* total, size_t line) {
    constexpr size_t wide = width<double>;
    Vec<double> sum[lines * vectors];
    for (int l = 0; l < lines; ++l) {
        for (int c = 0; c < vectors; ++c) {
            sum[l * vectors + c] = load<double>(total + l * line + c * wide);
        }
    }
    for (size_t at = 0; at < count; ++at) {
        const size_t row = list[at] * stride;
        Vec<double> right[vectors];
        for (int c = 0; c < vectors; ++c) {
            right[c] = load<double>(b + row + c * wide);
            if constexpr (scaled) {
                right[c] *= factors[at];
            }
        }
        for (int l = 0; l < lines; ++l) {
            const double left = a[row + l];
            for (int c = 0; c < vectors; ++c) {
                sum[l * vectors + c] += left * right[c];
            }
        }
    }
    for (int l = 0; l < lines; ++l) {
        for (int c = 0; c < vectors; ++c) {
            store<double>(total + l * line + c * wide, sum[l * vectors + c]);
        }
    }
}

template <int vectors, bool scaled>
inline void outer_lines(size_t lines, const double* a, const double* b, size_t stride, const unsigned* list,
                        const double* factors, size_t count, double* total, size_t line) {
    constexpr size_t most = GMMSCAPE_VECTOR_BYTES == 64 ? 8 : 4;
    for (; lines > most; lines -= most, a += most, total += most * line) {
        outer_tile<most, vectors, scaled>(a, b, stride, list, factors, count, total, line);
    }
    switch (lines) {
#define GMMSCAPE_LINES(n) \
    case n: return outer_tile<n, vectors, scaled>(a, b, stride, list, factors, count, total, line)
        GMMSCAPE_LINES(1);
        GMMSCAPE_LINES(2);
        GMMSCAPE_LINES(3);
        GMMSCAPE_LINES(4);
#if GMMSCAPE_VECTOR_BYTES == 64
        GMMSCAPE_LINES(5);
        GMMSCAPE_LINES(6);
        GMMSCAPE_LINES(7);
        GMMSCAPE_LINES(8);
#endif
#undef GMMSCAPE_LINES
        default: return;
    }
}

// total (lines, columns) += sum over the listed rows of factor a b'; `columns` is a whole number of vectors.
template <bool scaled>
inline void outer_sums(size_t lines, size_t columns, const double* a, const double* b, size_t stride,
                       const unsigned* list, const double* factors, size_t count, double* total) {
    constexpr size_t wide = width<double>;
    size_t c = 0;
    for (; c + 2 * wide <= columns; c += 2 * wide) {
        outer_lines<2, scaled>(lines, a, b + c, stride, list, factors, count, total + c, columns);
    }
    if (c < columns) {
        outer_lines<1, scaled>(lines, a, b + c, stride, list, factors, count, total + c, columns);
    }
}

// Scores of the covariance at one row, in the order of the family's coordinates: y has `stride` entries between columns.
inline void covariance_scores(Shape shape, size_t d, const double* y, size_t stride, double* out) {
    if (shape == Shape::spherical) {
        double squared = 0.0;
        for (size_t j = 0; j < d; ++j) {
            squared += y[j * stride] * y[j * stride];
        }
        out[0] = static_cast<double>(d) - squared;
    } else if (shape == Shape::diag) {
        for (size_t j = 0; j < d; ++j) {
            out[j] = 1.0 - y[j * stride] * y[j * stride];
        }
    } else if (shape != Shape::none) {
        for (size_t j = 0, at = 0; j < d; ++j) {
            for (size_t l = 0; l <= j; ++l, ++at) {
                out[at] = (l == j ? 1.0 : 0.0) - y[j * stride] * y[l * stride];
            }
        }
    }
}

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
        for (size_t lane = 0; lane < width<double>; ++lane) {
            own.root[r + lane] = __builtin_sqrt(scratch.scale[r + lane]);
        }
    }
    for (size_t lane = 0; lane < width<double>; ++lane) {
        if (largest[lane] >= counts) {
            return true;
        }
    }
    return false;
}

// Marks the rows whose responsibility component i shares with others; returns whether there are any.
inline bool mark_rows(const Scratch<double>& scratch, const ScoreScratch& own, size_t i, size_t count, size_t words,
                      double counts) {
    constexpr size_t wide = width<double>;
    const double* posterior = scratch.posterior + i * scratch.stride;
    unsigned long long* mask = own.masks + i * words;
    Bits<double> bit;
    for (size_t lane = 0; lane < wide; ++lane) {
        bit[lane] = 1LL << lane;
    }
    bool any = false;
    for (size_t word = 0; word < words; ++word) {
        unsigned long long marked = 0;
        for (size_t at = 0; at < 64 && word * 64 + at < count; at += wide) {
            const size_t r = word * 64 + at;
            const Bits<double> hit = (load<double>(posterior + r) >= counts) & (load<double>(own.rest + r) >= counts);
            const Bits<double> some = hit & bit;
            long long found = 0;
            for (size_t lane = 0; lane < wide; ++lane) {
                found |= some[lane];
            }
            marked |= static_cast<unsigned long long>(found) << at;
        }
        if (word * 64 + 64 > count) {
            marked &= (1ULL << (count - word * 64)) - 1;  // count is not a multiple of 64 here
        }
        mask[word] = marked;
        any |= marked != 0;
    }
    return any;
}

// Numbers of the rows that both masks mark.
inline size_t listed(const unsigned long long* a, const unsigned long long* b, size_t words, unsigned* list) {
    size_t count = 0;
    for (size_t word = 0; word < words; ++word) {
        for (unsigned long long both = a[word] & b[word]; both != 0; both &= both - 1) {
            list[count++] = static_cast<unsigned>(word * 64 + static_cast<size_t>(__builtin_ctzll(both)));
        }
    }
    return count;
}

// Scores of the marked rows of component i, times responsibility and root of the weight; those that are shared as
// they are.
inline void fill_entries(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                         const ScoreScratch& own, size_t i, size_t count) {
    const size_t d = plan.d, stride = scratch.stride;
    const double* y = own.y + i * d * stride;
    for (size_t at = 0; at < count; ++at) {
        const size_t r = own.list[at];
        double* entry = own.entries + (i * scratch.rows + r) * scores.stride;
        const double share = own.root[r] * scratch.posterior[i * stride + r];
        entry[0] = share;
        for (size_t j = 0; j < d; ++j) {
            entry[1 + j] = share * y[j * stride + r];
        }
        double* covariance = scores.shared > 0 ? entry + scores.own_width : entry + 1 + d;
        covariance_scores(scores.shape, d, y + r, stride, covariance);
        for (size_t f = 0; scores.shared == 0 && f < scores.covariance; ++f) {
            covariance[f] *= share;
        }
    }
}

// Shared scores become deviations from their mean over the components, times the root of the weight.
inline void centre_shared(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                          const ScoreScratch& own, size_t words) {
    for (size_t r = 0; r < words * 64; ++r) {
        const auto marked = [&](size_t i) { return (own.masks[i * words + r / 64] >> (r % 64) & 1) != 0; };
        for (size_t f = 0; f < scores.shared; ++f) {
            own.mean[f] = 0.0;
        }
        bool any = false;
        for (size_t i = 0; i < plan.k; ++i) {
            if (marked(i)) {
                any = true;
                const double* score = own.entries + (i * scratch.rows + r) * scores.stride + scores.own_width;
                const double psi = scratch.posterior[i * scratch.stride + r];
                for (size_t f = 0; f < scores.shared; ++f) {
                    own.mean[f] += psi * score[f];
                }
            }
        }
        for (size_t i = 0; any && i < plan.k; ++i) {
            if (marked(i)) {
                double* score = own.entries + (i * scratch.rows + r) * scores.stride + scores.own_width;
                for (size_t f = 0; f < scores.shared; ++f) {
                    score[f] = own.root[r] * (score[f] - own.mean[f]);
                }
            }
        }
    }
}

// Adds the missing information of one block.
inline void missing_block(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                          const ScoreScratch& own, size_t count, double counts, double* sums) {
    const size_t k = plan.k, words = (scratch.rows + 63) / 64, stride = scores.stride;
    const size_t block = scores.own * scores.own_width;
    const auto entries = [&](size_t i) { return own.entries + i * scratch.rows * stride; };
    for (size_t i = 0; i < k; ++i) {
        if (!mark_rows(scratch, own, i, count, words, counts)) {
            continue;
        }
        const unsigned long long* mask = own.masks + i * words;
        const size_t found = listed(mask, mask, words, own.list);
        fill_entries(plan, scores, scratch, own, i, found);
        for (size_t at = 0; at < found; ++at) {
            const size_t r = own.list[at];
            const double psi = scratch.posterior[i * scratch.stride + r];
            // Of the largest, the sum of the others says more than the difference from one.
            own.factors[at] = (psi == own.top[r] ? own.rest[r] : 1.0 - psi) / psi;
        }
        const size_t pair = i * k - i * (i + 1) / 2 + i;
        outer_sums<true>(scores.own, scores.own_width, entries(i), entries(i), stride, own.list, own.factors, found,
                         sums + scores.pairs + pair * block);
    }
    if (scores.shared > 0) {
        centre_shared(plan, scores, scratch, own, words);
    }
    for (size_t i = 0; i < k; ++i) {
        const unsigned long long* mask = own.masks + i * words;
        unsigned long long any = 0;
        for (size_t word = 0; word < words; ++word) {
            any |= mask[word];
        }
        if (any == 0) {
            continue;
        }
        if (scores.shared > 0) {
            const size_t found = listed(mask, mask, words, own.list);
            for (size_t at = 0; at < found; ++at) {
                own.factors[at] = scratch.posterior[i * scratch.stride + own.list[at]];
            }
            const double* shared = entries(i) + scores.own_width;
            outer_sums<false>(scores.own, scores.shared_width, entries(i), shared, stride, own.list, own.factors, found,
                              sums + scores.across + i * scores.own * scores.shared_width);
            outer_sums<true>(scores.shared, scores.shared_width, shared, shared, stride, own.list, own.factors, found,
                             sums + scores.common);
        }
        for (size_t j = i + 1; j < k; ++j) {
            const size_t found = listed(mask, own.masks + j * words, words, own.list);
            if (found > 0) {
                const size_t pair = i * k - i * (i + 1) / 2 + j;
                outer_sums<false>(scores.own, scores.own_width, entries(i), entries(j), stride, own.list, own.factors,
                                  found, sums + scores.pairs + pair * block);
            }
        }
    }
}

// Adds to `sums`: log likelihood, weight, mass (k), first moments of y (k, d), second ones; and the missing
// information: products of own scores of all pairs i <= j (without its sign where i < j), of own and shared scores
// (k), and of shared ones, each padded.
inline bool range_information(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                              const ScoreScratch& own, const Scores& scores, size_t first, size_t last, double counts,
                              bool missing, double* sums) {
    const size_t k = plan.k, d = plan.d, stride = scratch.stride;
    Likelihood<double> likelihood{};
    double weight = 0.0;
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = scored_block(plan, rows, scratch, own.y, at, count, likelihood);
        for (size_t r = 0; r < count; ++r) {
            weight += scratch.scale[r];
        }
        for (size_t i = 0; i < k; ++i) {
            double* share = own.slopes;
            for (size_t r = 0; r < padded; r += width<double>) {
                store<double>(share + r, load<double>(scratch.posterior + i * stride + r) *
                                             load<double>(scratch.scale + r));
            }
            const size_t each = scores.shared > 0 ? 0 : scores.covariance;
            score_moments(plan, scores, scratch, share, own.y + i * d * stride, padded, sums + 2 + i,
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

// Slope of component i's log joint density along its part of a direction, at a block of rows.
inline void slope_along(const Plan<double>& plan, const Scores& scores, const Scratch<double>& scratch,
                        const double* y, const double* along, const double* covariance, size_t rows, double* slope) {
    constexpr size_t wide = width<double>;
    const size_t d = plan.d, stride = scratch.stride;
    for (size_t r = 0; r < rows; r += GROUP * wide) {
        Vec<double> sum[GROUP];
        for (int g = 0; g < GROUP; ++g) {
            sum[g] = splat<double>(along[0]);
        }
        for (size_t j = 0, at = 0; j < d; ++j) {
            Vec<double> t[GROUP], inner[GROUP];
            for (int g = 0; g < GROUP; ++g) {
                t[g] = load<double>(y + j * stride + r + g * wide);
                inner[g] = splat<double>(along[1 + j]);
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

// Adds to `sums` the moments of y, as range_information does, each row weighing what its responsibility changes by
// along a direction: own parts (k, own), then the shared one.
inline bool range_product(const Plan<double>& plan, const Rows<double>& rows, const Scratch<double>& scratch,
                          const ScoreScratch& own, const Scores& scores, size_t first, size_t last,
                          const double* direction, double* sums) {
    constexpr size_t wide = width<double>;
    const size_t k = plan.k, d = plan.d, stride = scratch.stride;
    const size_t each = scores.shared > 0 ? 0 : scores.covariance;
    Likelihood<double> likelihood{};
    for (size_t at = first; at < last; at += scratch.rows) {
        const size_t count = last - at < scratch.rows ? last - at : scratch.rows;
        const size_t padded = scored_block(plan, rows, scratch, own.y, at, count, likelihood);
        double* mean = scratch.density;
        for (size_t r = 0; r < padded; ++r) {
            mean[r] = 0.0;
        }
        for (size_t i = 0; i < k; ++i) {
            const double* along = direction + i * scores.own;
            const double* covariance = scores.shared > 0 ? direction + k * scores.own : along + 1 + d;
            double* slope = own.slopes + i * stride;
            slope_along(plan, scores, scratch, own.y + i * d * stride, along, covariance, padded, slope);
            for (size_t r = 0; r < padded; r += wide) {
                store<double>(mean + r, load<double>(mean + r) + load<double>(slope + r) *
                                                                     load<double>(scratch.posterior + i * stride + r));
            }
        }
        for (size_t i = 0; i < k; ++i) {
            double* share = own.slopes + i * stride;
            for (size_t r = 0; r < padded; r += wide) {
                store<double>(share + r, (load<double>(share + r) - load<double>(mean + r)) *
                                             load<double>(scratch.posterior + i * stride + r) *
                                             load<double>(scratch.scale + r));
            }
            score_moments(plan, scores, scratch, share, own.y + i * d * stride, padded, sums + 2 + i,
                          sums + 2 + k + i * d, sums + scores.second + i * each);
        }
    }
    return !likelihood.lost();
}

}  // namespace gmmscape::GMMSCAPE_ISA
