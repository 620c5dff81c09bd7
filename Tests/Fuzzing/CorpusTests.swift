// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Every input that the fuzzer kept, through the functions that the fuzzer calls.
@Suite struct CorpusTests {
    /// The kept inputs of a parser, by name.
    private func corpus(_ parser: FuzzedParser) throws -> [(name: String, bytes: [UInt8])] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("corpus/\(parser.rawValue)")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { (name: $0.lastPathComponent, bytes: Array(try Data(contentsOf: $0))) }
    }

    @Test(arguments: FuzzedParser.allCases)
    func `what holds for every input holds for the kept ones`(parser: FuzzedParser) throws {
        var answers: Set<Bool> = []
        for input in try corpus(parser) {
            do throws(BrokenInvariant) {
                answers.insert(try parser.check(input.bytes))
            } catch {
                Issue.record("\(parser.rawValue)/\(input.name): \(error)")
            }
        }
        #expect(answers == [true, false], "the corpus holds inputs of one kind only")
    }

    @Test(arguments: FuzzedParser.allCases)
    func `what holds for every input holds for seeds cut at any byte`(parser: FuzzedParser) throws {
        let seeds = try corpus(parser).filter { $0.name.hasPrefix("seed-") }
        #expect(!seeds.isEmpty)
        for seed in seeds {
            for length in 0..<seed.bytes.count {
                do throws(BrokenInvariant) {
                    _ = try parser.check(Array(seed.bytes[..<length]))
                } catch {
                    Issue.record("\(parser.rawValue)/\(seed.name) cut at \(length): \(error)")
                }
            }
        }
    }
}
