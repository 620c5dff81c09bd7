// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A program in the making: instructions and the places that jumps lead to.
struct Assembly: Sendable {
    private var instructions: [Instruction] = []
    private var places: [Instruction.Label: Int] = [:]
    private var labels = 0

    /// Adds an instruction.
    mutating func add(_ instruction: Instruction) { instructions.append(instruction) }

    /// Names the place of the next instruction.
    mutating func mark(_ label: Instruction.Label) { places[label] = instructions.count }

    /// A place that no other has.
    mutating func newLabel() -> Instruction.Label {
        labels += 1
        return .past(labels)
    }

    /// The program's words; a jump to a place that is not marked would leave the program, which the kernel refuses.
    var words: [UInt64] {
        instructions.enumerated().map { index, instruction in
            guard let label = instruction.label else { return instruction.word }
            return instruction.jumping((places[label] ?? -1) - index - 1).word
        }
    }
}
