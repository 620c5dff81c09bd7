// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// The root disk that a guest gets: an overlay on its image.
struct RootVolume {
    /// The size that the pod asks for, in bytes; nil for the image's.
    let size: Int64?
    /// The image's, as guests see it.
    let imageSize: Int64
    /// The most that the operator allows; nil for any.
    let limit: Int64?
    /// What is free where overlays are; nil where it can't be told.
    let free: Int64?

    /// Refuses a disk that can't hold its image, or that the node can't hold.
    func check() throws(PodServiceError) {
        if let size, size < imageSize {
            throw PodServiceError(
                .invalidArgument,
                "\(subject) is less than the image's \(Self.text(imageSize)): a disk that is cut short does not boot. Leave the "
                    + "annotation out, or ask for at least \(imageSize) bytes"
            )
        }
        if let limit, max(size ?? 0, imageSize) > limit {
            throw PodServiceError(
                .invalidArgument,
                "\(subject) is more than the \(Self.text(limit)) that this node's root-volume-limit allows"
            )
        }
        if let size, let free, size > free {
            throw PodServiceError(
                .resourceExhausted,
                "\(subject) is more than the \(Self.text(free)) that are free on this node: ask for less, or make room"
            )
        }
    }

    private var subject: String {
        guard let size else { return "the image's size of \(Self.text(imageSize))" }
        return "the annotation VirtletRootVolumeSize: \(Self.text(size))"
    }

    /// A size as people read it, to a tenth.
    static func text(_ bytes: Int64) -> String {
        for (suffix, unit) in [("Ti", Int64(1) << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)]
        where bytes >= unit {
            let tenths = bytes / unit * 10 + bytes % unit * 10 / unit
            return tenths % 10 == 0 ? "\(tenths / 10) \(suffix)B" : "\(tenths / 10).\(tenths % 10) \(suffix)B"
        }
        return "\(bytes) bytes"
    }
}
