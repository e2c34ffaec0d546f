// EM from many starts, on the same rows or on a range of them each: shared out to threads, watched from the calling one.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "em.hpp"

namespace gmmscape {

// Threads that are worth starting for EM from many starts: by ten passes of each.
template <class RowsOf>
size_t threads_for(const Family& family, RowsOf rows_of, size_t starts, size_t k, size_t d, size_t threads) {
    const size_t products = 1 + d + count(squares_of(family.shape), d);
    double work = 0.0;
    for (size_t i = 0; i < starts; ++i) {
        work += 10.0 * static_cast<double>(rows_of(i).n * k) * (30.0 + 2.0 * static_cast<double>(products));
    }
    return std::min(threads, worthwhile_threads(work));
}

// EM from many starts, start i on rows_of(i) under a prior of mass priors[i], on the calling thread and as many others
// as pay. The calling thread asks `poll` some twenty times a second, or after each iteration; where it returns true,
// what still runs is interrupted.
template <class RowsOf, class Poll>
std::vector<EmResult> em_from_all(const Kernels& kernels, const Family& family, RowsOf rows_of,
                                  const EmOptions& options, std::vector<Fit> starts,
                                  const std::vector<double>& priors, size_t k, size_t threads, Poll poll) {
    constexpr auto pause = std::chrono::milliseconds(50);
    const size_t count = starts.size();
    std::vector<EmResult> results(count);
    EmProgress progress;
    auto due = Clock::now() + pause;
    const auto pulse = [&] {
        if (!progress.stop && (options.each_iteration || Clock::now() >= due)) {
            due = Clock::now() + pause;
            progress.stop = poll(progress);
        }
    };
    // Starts do not wait for each other; threads that are left over share out the passes of each.
    const size_t each = std::max<size_t>(1, threads / std::max<size_t>(count, 1));
    std::atomic<size_t> taken{0};
    std::mutex mutex;
    std::condition_variable left;
    size_t working = 0;
    std::exception_ptr failure;
    const auto run = [&](const std::function<void()>& beat) {
        try {
            for (size_t i = taken++; i < count; i = taken++) {
                if (!progress.stop && !(options.deadline && Clock::now() >= *options.deadline)) {
                    EmRun one(kernels, family, rows_of(i), options, progress, beat, k, priors[i], each);
                    results[i] = options.resume ? one.resumed(*options.resume) : one.from(std::move(starts[i]));
                    ++progress.ended;
                }
            }
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex);
            failure = failure ? failure : std::current_exception();
            taken = count;
        }
    };
    const size_t d = count > 0 ? rows_of(0).d : 0;
    const size_t useful = std::min(count, threads_for(family, rows_of, count, k, d, threads));
    std::vector<std::thread> others;
    for (size_t i = 1; i < useful; ++i) {
        try {
            const std::lock_guard<std::mutex> lock(mutex);
            others.emplace_back([&] {
                run({});
                const std::lock_guard<std::mutex> done(mutex);
                --working;
                left.notify_all();
            });
            ++working;
        } catch (const std::system_error&) {
            break;  // the system gives no more threads: those there are do the work
        }
    }
    run(pulse);
    {
        std::unique_lock<std::mutex> lock(mutex);
        while (!left.wait_for(lock, pause, [&] { return working == 0; })) {
            lock.unlock();
            pulse();
            lock.lock();
        }
    }
    for (std::thread& other : others) {
        other.join();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return results;
}

}  // namespace gmmscape
