// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON

// libFuzzer's mutations, and some that know what the parsers read: only in the build that `tools/fuzz` makes.

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ most: Int) -> Int

/// Changes an input in place: by bytes, by words, or as a JSON tree where it is one.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
    _ bytes: UnsafeMutablePointer<UInt8>,
    _ count: Int,
    _ most: Int,
    _ seed: CUnsignedInt
) -> Int {
    var mutation = Mutation(seed: UInt64(seed))
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let output: [UInt8]?
    switch mutation.random(below: 4) {
    case 0: output = mutation.words(input)
    case 1: output = mutation.tree(input)
    default: output = nil
    }
    guard let output, !output.isEmpty, output.count <= most else { return mutateBytes(bytes, count, most) }
    bytes.update(from: output, count: output.count)
    return output.count
}

/// One change, chosen by a seed.
struct Mutation {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64: the same numbers for the same seed.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func random(below limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[random(below: elements.count)]
    }

    /// Numbers at the edges of what fields take and of what integers hold.
    private static let numbers = [
        "-1", "-0", "0", "1", "2", "31", "32", "33", "64", "65", "128", "129", "255", "256", "257", "1279",
        "1280",
        "1500", "4095", "4096", "65535", "65536", "1048576", "1048577", "2147483647", "2147483648",
        "4294967294",
        "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "99999999999999999999", "1.0", "1e3", "00", "fffff", "100001",
        "7fffffffffffffff",
    ]
    private static let pieces = [
        ":", "/", ".", "..", "{", "}", ";", "=", "\\", "\"", "\n", "\r", "\r\n", "\u{0}", "\u{7F}", "\u{A0}",
        "\\ud83d", "\\ude00", "\\u00e9", "\u{212A}", "\u{FFFD}", "\u{1F600}", " ", "-", "_", "[", "]", "%",
        "::", "a", "0",
    ]

    private mutating func number() -> String {
        random(below: 8) == 0 ? String(next() >> UInt64(random(below: 64))) : one(of: Self.numbers)
    }

    /// Replaces a run of digits, or puts in or takes out a piece.
    mutating func words(_ input: [UInt8]) -> [UInt8]? {
        guard !input.isEmpty else { return nil }
        var output = input
        var place = random(below: input.count)
        switch random(below: 3) {
        case 0: output.insert(contentsOf: one(of: Self.pieces).utf8, at: place)
        case 1: output.removeSubrange(place..<min(input.count, place + 1 + random(below: 4)))
        default:
            func isDigit(_ index: Int) -> Bool { (0x30...0x39).contains(input[index]) }
            while place < input.count, !isDigit(place) { place += 1 }
            guard place < input.count else { return nil }
            var end = place
            while place > 0, isDigit(place - 1) { place -= 1 }
            while end < input.count, isDigit(end) { end += 1 }
            output.replaceSubrange(place..<end, with: number().utf8)
        }
        return output
    }

    /// Changes one value of a JSON tree.
    mutating func tree(_ input: [UInt8]) -> [UInt8]? {
        guard let value = accepted({ () throws(JSONError) in try JSONValue(parsing: input) }) else {
            return nil
        }
        var left = random(below: Self.size(value))
        return changed(value, &left).serialized()
    }

    /// How many values there are in a tree.
    private static func size(_ value: JSONValue) -> Int {
        let inner = value.array ?? value.object?.members.map(\.value) ?? []
        return inner.reduce(1) { $0 + size($1) }
    }

    /// The tree with the value changed that comes after so many others.
    private mutating func changed(_ value: JSONValue, _ left: inout Int) -> JSONValue {
        if left == 0 {
            left = -1
            return other(value)
        }
        guard left > 0 else { return value }
        left -= 1
        switch value {
        case .array(let elements): return .array(elements.map { changed($0, &left) })
        case .object(let object):
            return .object(JSONObject(object.members.map { ($0.key, changed($0.value, &left)) }))
        default: return value
        }
    }

    private mutating func other(_ value: JSONValue) -> JSONValue {
        switch random(below: 8) {
        case 0: return .array([value])
        case 1:
            return one(of: [.null, .bool(true), .bool(false), .array([]), .string(""), .object(JSONObject())])
        case 2: return .number(number())
        case 3: return .string(number())
        default: break
        }
        switch value {
        case .string(let text): return .string(otherText(text))
        case .array(var elements):
            if elements.isEmpty || random(below: 2) == 0 {
                elements.append(elements.isEmpty ? .null : one(of: elements))
            } else {
                elements.remove(at: random(below: elements.count))
            }
            return .array(elements)
        case .object(var object):
            guard !object.members.isEmpty else { return value }
            let (first, second) = (one(of: object.members), one(of: object.members))
            object[first.key] = random(below: 2) == 0 ? nil : second.value
            return .object(object)
        case .bool(let flag): return .bool(!flag)
        default: return .number(number())
        }
    }

    private mutating func otherText(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let place = random(below: scalars.count + 1)
        switch random(below: 4) {
        case 0 where !scalars.isEmpty: scalars.remove(at: min(place, scalars.count - 1))
        case 1: scalars += scalars
        default: scalars.insert(contentsOf: one(of: Self.pieces).unicodeScalars, at: place)
        }
        var output = ""
        output.unicodeScalars.append(contentsOf: scalars)
        return output
    }
}
