// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

// libFuzzer's entry points: only in the build that `tools/fuzz` makes.

/// The parser that FUZZ_PARSER names.
private let fuzzedParser: FuzzedParser = {
    let name = getenv("FUZZ_PARSER").map { String(cString: $0) } ?? ""
    guard let parser = FuzzedParser(rawValue: name) else {
        fatalError("FUZZ_PARSER is none of: \(FuzzedParser.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return parser
}()

/// Runs one input; what does not hold ends the process, as a trap would.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    do throws(BrokenInvariant) {
        _ = try fuzzedParser.check(input)
    } catch {
        fatalError("\(fuzzedParser.rawValue): \(error)")
    }
    return 0
}
