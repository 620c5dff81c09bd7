// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The formats of disk images that we take; the words are QEMU's.
public enum ImageFormat: String, Hashable, Sendable, CaseIterable {
    /// QEMU's own format, versions 2 and 3.
    case qcow2
    /// The disk's bytes as they are.
    case raw
}

/// What images are taken.
public struct ImageLimits: Hashable, Sendable {
    /// Whether raw images count in which nothing is known: no partition table, no boot sector, no file system.
    public var takesUnknown = false
    /// The most bytes of a file.
    public var mostBytes: UInt64 = 1 << 40
    /// The most bytes of the disk that a guest sees.
    public var mostVirtualBytes: UInt64 = 16 << 40

    /// 1 TiB and 16 TiB.
    public init() {}
}

/// Why a file is not an image that we take.
public struct FormatRefusal: Error, Hashable, Sendable {
    /// What is wrong with it.
    public let reason: String
    /// What to do about it; nil where nothing helps but another file.
    public let advice: String?

    init(_ reason: String, advice: String? = nil) {
        self.reason = reason
        self.advice = advice
    }
}

/// What an image is, by its first and last bytes and its length.
public struct ImageHeader: Hashable, Sendable {
    /// How many of its first bytes must be given: the longest cluster that QCOW2 knows.
    public static let prefixBytes = 2 << 20
    /// How many of its last bytes must be given: formats' footers have a sector.
    public static let suffixBytes = 512

    /// Its format.
    public let format: ImageFormat
    /// The size of the disk that a guest sees, in bytes.
    public let virtualSize: UInt64

    /// Examines an image.
    ///
    /// `prefix`: its first bytes, all of them or `prefixBytes`. `suffix`: its last bytes, all of them or `suffixBytes`.
    public init(
        _ prefix: [UInt8],
        suffix: [UInt8],
        fileSize: UInt64,
        limits: ImageLimits
    ) throws(FormatRefusal) {
        guard fileSize > 0 else { throw FormatRefusal("it is empty") }
        guard fileSize <= limits.mostBytes else {
            throw FormatRefusal(
                "it has \(fileSize) bytes, more than the \(limits.mostBytes) that are allowed"
            )
        }
        if prefix.starts(with: QCOW2Header.magic) {
            let header = try QCOW2Header(prefix, fileSize: fileSize, limits: limits)
            format = .qcow2
            virtualSize = header.virtualSize
            return
        }
        if let refusal = ForeignFormat.refusal(prefix, suffix) { throw refusal }
        let content = DiskContent(prefix)
        if let content, content.needed > fileSize {
            throw FormatRefusal(
                "it is cut short: it has \(fileSize) bytes, and its \(content.name) speaks of \(content.needed)",
                advice: "Fetch it anew; a digest in the name (<name>@sha256:…) makes sure that it is whole."
            )
        }
        guard fileSize.isMultiple(of: 512) else {
            throw FormatRefusal(
                "it is neither QCOW2 nor raw: its \(fileSize) bytes are not whole sectors of 512",
                advice: content == nil ? nil : "It may be cut short: fetch it anew."
            )
        }
        guard content != nil || limits.takesUnknown else {
            throw FormatRefusal(
                "nothing in it is known: it is not QCOW2, and a raw image begins with a partition table, a boot sector or "
                    + "a file system; it begins with \(Self.bytes(prefix))",
                advice:
                    "Look at the file. If it is a disk all the same: image-allow-unknown: true in vm-runtime.yaml (for "
                    + "vmctl: CONTRAIL_VM_IMAGE_ALLOW_UNKNOWN=true)."
            )
        }
        format = .raw
        virtualSize = fileSize
    }

    private static func bytes(_ prefix: [UInt8]) -> String {
        if prefix.prefix(4096).allSatisfy({ $0 == 0 }) { return "zeros" }
        return prefix.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }
}
