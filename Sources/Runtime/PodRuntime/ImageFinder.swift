// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import DomainXML
public import Pods

/// Finds images that are on this node, and keeps them as long as a container needs them.
public protocol ImageFinder: Sendable {
    /// The image of a name or id, kept for a container until `release(_:)`; nil where it was not pulled.
    func use(_ reference: ImageReference, for containerID: String) async throws(PodServiceError) -> NodeImage?
    /// A name by which the image of an id was pulled; nil where it has none.
    func name(of id: String) async -> String?
    /// Lets go of the image that a container has; done again, it succeeds.
    func release(_ containerID: String) async throws(PodServiceError)
    /// Removes images that nobody names or uses, and what killed runs left.
    ///
    /// `containers`: all that there are, where no other one can come meanwhile: others let go of their images.
    func collect(containers: Set<String>?) async throws(PodServiceError)
}

/// An image on this node.
public struct NodeImage: Hashable, Sendable {
    /// Its id: "sha256:" and the digest of its content.
    public var id: String
    /// The file, which QEMU may read.
    public var path: String
    /// Its format.
    public var format: Domain.Format
    /// The bytes of the disk that a guest sees.
    public var virtualSize: UInt64

    /// An image.
    public init(id: String, path: String, format: Domain.Format, virtualSize: UInt64) {
        self.id = id
        self.path = path
        self.format = format
        self.virtualSize = virtualSize
    }
}
