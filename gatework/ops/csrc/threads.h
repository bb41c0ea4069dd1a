// Who does what: a team of threads, each with a part of the rows or of the units.
#pragma once

#include <omp.h>
#include <pthread.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif
#include <sched.h>

#include <algorithm>
#include <atomic>

#include "contract.h"
#include "product.h"

namespace {

// Where threads wait for each other. One that waits long gives its processor away: it may be the other's.
class Meeting {
  public:
    void of(int size) {
        if (size == 1) return;
        const int turn = turn_.load(std::memory_order_relaxed);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size) {
            arrived_.store(0, std::memory_order_relaxed);
            turn_.store(turn + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; turn_.load(std::memory_order_acquire) == turn;)
            if (++spins < 2000)
                pause();
            else
                sched_yield();
    }

  private:
    static void pause() {
#if defined(__x86_64__)
        _mm_pause();
#endif
    }

    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<int> turn_{0};
};

// One thread's part: rows [b, b_end), panels of hidden units [k, k_end) and of the projected ones [s, s_end).
struct Part {
    int rank, size;  // size 1 where the others need not be waited for
    int64_t b, b_end, k, k_end, s, s_end;
};

// Whether units are split among `threads`: with few rows some would else have none, and where R is larger than a thread's
// own cache each would read all of it from the shared one at every step.
template <class Real>
bool splits_units(const Scan<Real>& s, int64_t threads) {
    if (s.split != by_cost) return s.split == by_units;
    const int64_t bytes = s.K * s.H * s.S * static_cast<int64_t>(sizeof(Real));
    return s.B < 2 * threads || bytes > 3 * (1 << 19);
}

// Threads that are worth waking: some 20 microseconds of work each, and in a split by units some 4 a step.
template <class Real>
int64_t worth(const Scan<Real>& s) {
    const double step = static_cast<double>(s.B) * s.K * s.H * (s.S + 24);  // multiplications, a gate for 24 of them
    int64_t threads = std::min<int64_t>(s.threads, static_cast<int64_t>(step * s.T / 4e5) + 1);
    if (s.split == by_cost && splits_units(s, threads))
        threads = std::min<int64_t>(threads, static_cast<int64_t>(step / 4e4) + 1);
    if (s.split != by_cost) threads = s.threads;
    return std::max<int64_t>(threads, 1);
}

inline int64_t cut(int64_t total, int64_t rank, int64_t size) { return total * rank / size; }

// The first row of `rank`, where every rank has the same number of steps.
template <class Real>
int64_t first_row(const Scan<Real>& s, int64_t rank, int64_t size) {
    if (!s.lengths) return cut(s.B, rank, size);
    int64_t total = 0, b = 0;
    for (int64_t k = 0; k < s.B; ++k) total += s.lengths[k];
    const int64_t goal = cut(total, rank, size);
    for (int64_t steps = 0; b < s.B && (rank == size || steps < goal); ++b) steps += s.lengths[b];
    return b;
}

template <class Real>
Part part(const Scan<Real>& s, int rank, int size) {
    const int64_t units = panels<Real>(s.H), narrow = panels<Real>(s.S);
    if (splits_units(s, size))
        return {rank, size, 0, s.B, cut(units, rank, size), cut(units, rank + 1, size), cut(narrow, rank, size),
                cut(narrow, rank + 1, size)};
    return {rank, 1, first_row(s, rank, size), first_row(s, rank + 1, size), 0, units, 0, narrow};
}

// A forked process has its parent's OpenMP in memory but none of its threads: to wake them is to wait for ever.
bool forked = false;
[[maybe_unused]] const int watch = pthread_atfork(nullptr, nullptr, [] { forked = true; });

// Calls work(rank, size) in each of at most `threads` threads.
template <class Work>
void in_threads(int64_t threads, const Work& work) {
    if (threads <= 1 || forked) return work(0, 1);
#pragma omp parallel num_threads(static_cast<int>(threads))
    work(omp_get_thread_num(), omp_get_num_threads());
}

}  // namespace
