// Numbered tasks shared out to threads that live as long as the call.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

// Operations that are worth a thread: half a millisecond, roughly. A build that looks for races says fewer, so that
// small tests share out what they do.
#if !defined(GMMSCAPE_THREAD_OPERATIONS)
#define GMMSCAPE_THREAD_OPERATIONS 4e6
#endif

namespace gmmscape {

// How many threads so many operations are worth, at least one; of operations without number, more than there are.
inline std::size_t worthwhile_threads(double operations) {
    const double threads = operations / GMMSCAPE_THREAD_OPERATIONS;
    constexpr double most = 1e6;
    return static_cast<std::size_t>(threads < most ? threads : most) + 1;
}

// Calls work(next) on `threads` threads, the calling one included; next() returns the number of another task,
// or `tasks` when there is none. The first exception is thrown again after all threads have ended.
template <class Work>
void share_out(std::size_t tasks, std::size_t threads, Work work) {
    std::atomic<std::size_t> taken{0};
    std::exception_ptr failure;
    std::mutex failing;
    const auto next = [&] { return std::min(taken.fetch_add(1, std::memory_order_relaxed), tasks); };
    const auto run = [&] {
        try {
            work(next);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failing);
            failure = failure ? failure : std::current_exception();
            taken.store(tasks);
        }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(threads, tasks); ++i) {
        try {
            others.emplace_back(run);
        } catch (const std::system_error&) {
            break;  // the system gives no more threads: those there are do the work
        }
    }
    run();
    for (std::thread& other : others) {
        other.join();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace gmmscape
