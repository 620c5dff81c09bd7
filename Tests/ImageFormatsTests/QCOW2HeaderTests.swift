// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ImageFormats

@Suite struct QCOW2HeaderTests {
    /// A QCOW2 image, of clusters of 512 bytes: header, refcount table, refcount block, L1 table to the last byte.
    private struct Sample {
        var bytes: [UInt8]

        init(version: UInt32 = 3, size: UInt64 = 1 << 20) {
            bytes = [UInt8](repeating: 0, count: 512 * 3 + 32 * 8)
            bytes.replaceSubrange(0..<4, with: [0x51, 0x46, 0x49, 0xfb])
            word(4, version)
            word(20, 9)  // cluster_bits
            long(24, size)
            word(36, 32)  // l1_size: 512 * 64 bytes for each entry
            long(40, 512 * 3)
            long(48, 512)
            word(56, 1)
            if version == 3 {
                word(96, 4)
                word(100, 104)
            }
        }

        mutating func word(_ offset: Int, _ value: UInt32) {
            for place in 0..<4 {
                bytes[offset + place] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(place)))
            }
        }

        mutating func long(_ offset: Int, _ value: UInt64) {
            word(offset, UInt32(value >> 32))
            word(offset + 4, UInt32(truncatingIfNeeded: value))
        }

        func header(_ limits: ImageLimits = ImageLimits()) throws(FormatRefusal) -> ImageHeader {
            try ImageHeader(bytes, suffix: [], fileSize: UInt64(bytes.count), limits: limits)
        }

        func refusal() -> String {
            do throws(FormatRefusal) {
                _ = try header()
                return "taken"
            } catch {
                return error.reason
            }
        }
    }

    @Test(arguments: [2, 3] as [UInt32]) func `a whole image is taken`(version: UInt32) throws {
        let header = try Sample(version: version).header()
        #expect(header.format == .qcow2)
        #expect(header.virtualSize == 1 << 20)
    }

    @Test(arguments: [2, 3] as [UInt32]) func `an image cut at any byte is refused`(version: UInt32) {
        let whole = Sample(version: version).bytes
        for length in 4..<whole.count {
            #expect(throws: FormatRefusal.self, "\(length)") {
                try ImageHeader(
                    Array(whole[..<length]),
                    suffix: [],
                    fileSize: UInt64(length),
                    limits: ImageLimits()
                )
            }
        }
    }

    @Test(
        arguments: [
            (4, 1, "version 1"), (4, 4, "version 4"), (12, 4096, "backing file"), (16, 1, "backing file"),
            (20, 8, "2^8"), (20, 22, "2^22"), (20, 0xffff_ffff, "clusters"), (32, 1, "encrypted"),
            (36, 31, "needs 32"), (36, 0xffff_ffff, "more than QEMU takes"), (40, 1, "L1 table"),
            (44, 513, "not a cluster"), (44, 0, "not a cluster"), (44, 2048, "cut short"),
            (48, 0x8000_0000, "refcount table"),
            (52, 0, "not a cluster"), (56, 0, "refcount table"), (56, 0xffff_ffff, "refcount table"),
            (60, 1, "snapshots"),
            (72, 1, "features"), (76, 1, "closed"), (76, 2, "corrupt"), (76, 4, "another file"),
            (76, 8, "compression"), (76, 16, "extended L2"), (76, 32, "features"), (96, 7, "refcounts"),
            (100, 96, "96 bytes"), (100, 108, "108 bytes"), (100, 1024, "1024 bytes"),
            (100, 0xffff_fff8, "bytes"),
            (104, 0x4441_5441, "another file"), (104, 0x0537_be77, "encrypted"),
        ] as [(Int, UInt32, String)]
    )
    func `a field that would harm is refused in words`(offset: Int, value: UInt32, words: String) {
        var sample = Sample()
        sample.word(offset, value)
        let refusal = sample.refusal()
        #expect(refusal.contains(words))
    }

    @Test func `sizes are limited`() {
        var sample = Sample()
        sample.long(24, 0)
        #expect(sample.refusal().contains("no size"))
        sample.long(24, UInt64.max)
        #expect(sample.refusal().contains("more than"))
        var limits = ImageLimits()
        limits.mostBytes = 1000
        #expect(throws: FormatRefusal.self) { try Sample().header(limits) }
        limits = ImageLimits()
        limits.mostVirtualBytes = 1 << 19
        #expect(throws: FormatRefusal.self) { try Sample().header(limits) }
    }

    @Test func `no header stops the check, whatever it says`() {
        let whole = Sample().bytes
        let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff]
        var taken = 0
        for round in 0..<20_000 {
            var bytes = whole
            for _ in 0...round % 8 {
                bytes[Int.random(in: 4..<112)] = values.randomElement() ?? 0
            }
            let sizes: [UInt64] = [0, 1, UInt64(bytes.count), .max]
            let size = sizes.randomElement() ?? 0
            if (try? ImageHeader(bytes, suffix: [], fileSize: size, limits: ImageLimits())) != nil {
                taken += 1
            }
        }
        #expect(taken < 20_000)
    }

    @Test func `extensions are walked to their end and no further`() throws {
        var sample = Sample()
        sample.word(104, 0x6803_f857)
        sample.word(108, 48)
        _ = try sample.header()
        sample.word(108, 500)
        #expect(sample.refusal().contains("extension"))
        sample.word(108, 0xffff_ffff)
        #expect(sample.refusal().contains("extension"))
        // Fifty extensions of no bytes fill the cluster.
        for place in stride(from: 104, to: 504, by: 8) {
            sample.word(place, 0x6803_f857)
            sample.word(place + 4, 0)
        }
        _ = try sample.header()
    }

    @Test(arguments: [
        ("KDMV", "VMDK"), ("vhdxfile", "VHDX"), ("\u{1f}", "neither"), ("<!DOCTYPE html>", "web page"),
        ("BZh9", "bzip2"), ("PK\u{3}\u{4}", "zip"), ("QED\0", "QED"), ("", "empty"),
        ("<!-- a comment -->\n<html>", "web page"), ("\u{feff}\n <HTML>", "web page"),
        ("<?xml version=\"1.0\"?><Error/>", "XML document"),
        ("<?xml version=\"1.0\"?><!DOCTYPE html>", "web page"),
        (
            #"{"error":"not found"}"#,
            #"a JSON document, no disk image: it begins with "{"error":"not found"}""#
        ),
        (" [1]\n", "JSON document"), ("Not Found\n", "a text"), ("gefällt nicht", "a text"),
        ("#!/bin/sh\n", "a script"), ("\u{7f}ELF", "ELF"), ("koly", "a text"),
    ])
    func `another format is named`(begin: String, words: String) {
        let bytes = Array(begin.utf8)
        do throws(FormatRefusal) {
            _ = try ImageHeader(bytes, suffix: [], fileSize: UInt64(bytes.count), limits: ImageLimits())
            Issue.record("it was taken")
        } catch {
            #expect(error.reason.contains(words))
        }
    }

    @Test func `whole sectors of anything else are a raw image where a key allows it`() throws {
        var limits = ImageLimits()
        limits.takesUnknown = true
        let header = try ImageHeader([1, 2, 3], suffix: [], fileSize: 1024, limits: limits)
        #expect(header.format == .raw)
        #expect(header.virtualSize == 1024)
    }
}
