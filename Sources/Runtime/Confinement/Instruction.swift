// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An instruction of the kernel's virtual machine, as `struct bpf_insn` of linux/bpf.h lays it out.
struct Instruction: Hashable, Sendable {
    /// A register: r0 has results, r1 to r5 arguments, r6 to r9 outlive calls, r10 is the stack's end.
    typealias Register = UInt8

    private var operation: UInt8
    private var target: Register
    private var source: Register
    /// Where a jump leads, counted from the next instruction; where a load reads.
    private(set) var offset: Int16
    private var value: Int32
    /// A jump's label, until the program is put together.
    private(set) var label: Label?

    /// Where a jump leads.
    enum Label: Hashable, Sendable {
        case allow, refuse, ours, general
        /// Past the test of a range of users, or of a network.
        case past(Int)
    }

    private init(
        _ operation: UInt8,
        target: Register = 0,
        source: Register = 0,
        offset: Int16 = 0,
        value: Int32 = 0,
        label: Label? = nil
    ) {
        self.operation = operation
        self.target = target
        self.source = source
        self.offset = offset
        self.value = value
        self.label = label
    }

    /// The eight bytes.
    var word: UInt64 {
        UInt64(operation) | UInt64(target & 0xF) << 8 | UInt64(source & 0xF) << 12
            | UInt64(UInt16(bitPattern: offset)) << 16 | UInt64(UInt32(bitPattern: value)) << 32
    }

    /// The same with a jump's distance.
    func jumping(_ distance: Int) -> Instruction {
        var instruction = self
        instruction.offset = Int16(truncatingIfNeeded: distance)
        instruction.label = nil
        return instruction
    }

    /// A helper of the kernel, by its number in linux/bpf.h.
    enum Helper: Int32 {
        case currentUser = 15
        case socketUser = 47
        case loadPacketBytes = 68
    }

    static func call(_ helper: Helper) -> Instruction { Instruction(0x85, value: helper.rawValue) }
    static var exit: Instruction { Instruction(0x95) }
    /// Copies 64 bits.
    static func copy(_ source: Register, to target: Register) -> Instruction {
        Instruction(0xBF, target: target, source: source)
    }
    /// Copies the lower 32 bits and clears the upper ones.
    static func copyWord(_ source: Register, to target: Register) -> Instruction {
        Instruction(0xBC, target: target, source: source)
    }
    static func set(_ target: Register, to value: Int32) -> Instruction {
        Instruction(0xB7, target: target, value: value)
    }
    static func add(_ value: Int32, to target: Register) -> Instruction {
        Instruction(0x07, target: target, value: value)
    }
    /// Keeps the bits of a mask, of 32.
    static func mask(_ target: Register, _ mask: UInt32) -> Instruction {
        Instruction(0x54, target: target, value: Int32(bitPattern: mask))
    }
    /// Reads 32 bits.
    static func loadWord(_ target: Register, from source: Register, _ offset: Int16) -> Instruction {
        Instruction(0x61, target: target, source: source, offset: offset)
    }
    /// Reads 8 bits.
    static func loadByte(_ target: Register, from source: Register, _ offset: Int16) -> Instruction {
        Instruction(0x71, target: target, source: source, offset: offset)
    }
    /// Stores 32 bits that are known.
    static func storeWord(_ value: Int32, to target: Register, _ offset: Int16) -> Instruction {
        Instruction(0x62, target: target, offset: offset, value: value)
    }
    static func jump(_ label: Label) -> Instruction { Instruction(0x05, label: label) }
    // Comparisons of 32 bits without sign.
    static func jumpIf(_ target: Register, equals value: UInt32, _ label: Label) -> Instruction {
        Instruction(0x16, target: target, value: Int32(bitPattern: value), label: label)
    }
    static func jumpIf(_ target: Register, differsFrom value: UInt32, _ label: Label) -> Instruction {
        Instruction(0x56, target: target, value: Int32(bitPattern: value), label: label)
    }
    static func jumpIf(_ target: Register, isAbove value: UInt32, _ label: Label) -> Instruction {
        Instruction(0x26, target: target, value: Int32(bitPattern: value), label: label)
    }
    static func jumpIf(_ target: Register, isBelow value: UInt32, _ label: Label) -> Instruction {
        Instruction(0xA6, target: target, value: Int32(bitPattern: value), label: label)
    }
}
