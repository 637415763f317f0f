// Visit: a node being evaluated. Finds references in a circle, and bounds depth and work. Used by
// the evaluator's own files.
#pragma once

#include "drivers/genapi/evaluator.h"

namespace opal::drivers::genapi {

class Evaluator::Visit {
public:
    Visit(Evaluator& evaluator, const Node& node, Question question)
        : evaluator_(evaluator),
          flags_(evaluator.visiting_[evaluator.description_.index_of(node)]),
          question_(question) {
        const std::string name(node.name);
        if (flags_ & question_)
            throw NodeFault{hal::ErrorKind::corrupt,
                            "the camera's description is circular: " + name + " leads to itself"};
        if (evaluator_.depth_ >= deepest)
            throw NodeFault{hal::ErrorKind::corrupt,
                            "the camera's description refers on and on, "
                            "beyond " +
                                name};
        if (--evaluator_.budget_ < 0)
            throw NodeFault{hal::ErrorKind::corrupt,
                            "the camera's description asks for endless work at " + name};
        flags_ = static_cast<std::uint8_t>(flags_ | question_);
        ++evaluator_.depth_;
    }
    ~Visit() {
        flags_ = static_cast<std::uint8_t>(flags_ & ~question_);
        --evaluator_.depth_;
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

private:
    Evaluator& evaluator_;
    std::uint8_t& flags_;
    Question question_;
};

}  // namespace opal::drivers::genapi
