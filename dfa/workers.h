// Workers: a fixed team of threads that shares out numbered tasks.
//
// The rule that makes results independent of the number of threads: work is cut into tasks by its
// shape alone, tasks write to disjoint memory, and no sum crosses a task. The team then only
// decides who does a task, never what it is.
#pragma once

#include <Eigen/Core>

#include <memory>
#include <type_traits>

namespace opal::dfa {

class Workers {
public:
    // The calling thread is one of them; 0: as many as the machine has cores.
    explicit Workers(int threads = 0);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int threads() const;

    // Calls task(index, worker) for every index in [0, tasks), worker in [0, threads()), and
    // returns when all are done. One caller at a time; a task must not call run(). The first
    // exception of a task is thrown here, when no task is running any more; tasks not yet begun may
    // then be left out.
    template <class Task>
    void run(Eigen::Index tasks, Task&& task) {
        if (tasks <= 0) return;
        if (tasks == 1 || threads() == 1) {
            for (Eigen::Index i = 0; i < tasks; ++i) task(i, 0);
            return;
        }
        share(tasks, &task, [](void* t, Eigen::Index index, int worker) {
            (*static_cast<std::remove_reference_t<Task>*>(t))(index, worker);
        });
    }

private:
    using Call = void (*)(void* task, Eigen::Index index, int worker);
    void share(Eigen::Index tasks, void* task, Call call);

    struct Team;
    std::unique_ptr<Team> team_;
};

}  // namespace opal::dfa
