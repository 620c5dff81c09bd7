// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import Foundation
import ImageFormats
import Images
import PodRuntime
import Pods

/// The image store as kubelet and the pods see it.
struct NodeImages: Pods.ImageService, ImageFinder {
    private let store: ImageStore
    private let puller: ImagePuller
    private let log: @Sendable (String) -> Void

    init(_ store: ImageStore, log: @escaping @Sendable (String) -> Void) {
        self.store = store
        puller = ImagePuller(store)
        self.log = log
    }

    func images(_ reference: Pods.ImageReference?) throws(PodServiceError) -> [ImageStatus] {
        guard let reference, !reference.name.isEmpty else {
            return try naming { () throws(ImageError) in try store.list() }.map { Self.status($0) }
        }
        return try imageStatus(reference, isVerbose: false).map { [$0] } ?? []
    }

    func imageStatus(
        _ reference: Pods.ImageReference,
        isVerbose: Bool
    ) throws(PodServiceError) -> ImageStatus? {
        let image = try naming { () throws(ImageError) in try store.image(ImageSelector(reference.name)) }
        guard let image else { return nil }
        var status = Self.status(image)
        if isVerbose {
            status.details = [
                "format": image.format.rawValue, "virtualSize": String(image.virtualSize), "path": image.path,
            ]
        }
        return status
    }

    func pull(
        _ reference: Pods.ImageReference,
        credentials: ImageCredentials?,
        sandbox _: PodSandboxConfiguration?
    ) async throws(PodServiceError) -> String {
        let told = ProgressLog(reference.name, log)
        return try await DescriptorRoom.ofProcess.holding { () async throws(PodServiceError) -> String in
            do throws(ImageError) {
                let image = try await puller.pull(
                    ImageReference(reference.name),
                    credentials: credentials.map(Self.credentials) ?? nil,
                    for: Self.server(credentials, reference)
                ) { told.take($0) }
                return image.digest.description
            } catch {
                throw Self.error(error)
            }
        }
    }

    func remove(_ reference: Pods.ImageReference) throws(PodServiceError) {
        _ = try naming { () throws(ImageError) in
            try store.remove(ImageSelector(reference.name), ifInUse: .keepContent)
        }
    }

    /// How many images there are.
    func count() throws(PodServiceError) -> Int {
        try naming { () throws(ImageError) in try store.list() }.count
    }

    func usage() throws(PodServiceError) -> [FilesystemUsage] {
        let usage = try naming { () throws(ImageError) in try store.usage() }
        return [
            FilesystemUsage(
                measuredAt: Int64(Date().timeIntervalSince1970 * 1_000_000_000),
                path: usage.folder,
                usedBytes: usage.usedBytes,
                usedInodes: usage.usedInodes
            )
        ]
    }

    // MARK: - For containers

    func use(
        _ reference: Pods.ImageReference,
        for containerID: String
    ) throws(PodServiceError) -> NodeImage? {
        let user = try Self.user(containerID)
        let image = try naming { () throws(ImageError) in
            try store.use(ImageSelector(reference.name), by: user)
        }
        guard let image, let format = Domain.Format(rawValue: image.format.rawValue) else { return nil }
        return NodeImage(
            id: image.digest.description,
            path: image.path,
            format: format,
            virtualSize: image.virtualSize
        )
    }

    func name(of id: String) -> String? {
        guard let image = try? store.image(ImageSelector(id)) else { return nil }
        return Self.status(image).tags.first
    }

    func release(_ containerID: String) throws(PodServiceError) {
        let user = try Self.user(containerID)
        try naming { () throws(ImageError) in try store.release(user) }
    }

    func collect(containers: Set<String>?) throws(PodServiceError) {
        let collected = try naming { () throws(ImageError) -> CollectedImages in
            if let containers {
                for user in try store.allUsers().keys where !containers.contains(user.description) {
                    try store.release(user)
                }
            }
            return try store.collect()
        }
        for image in collected.images { log("image \(image): nobody names or uses it; removed") }
    }

    private static func user(_ containerID: String) throws(PodServiceError) -> ImageUser {
        guard let user = ImageUser(containerID) else { throw PodServiceError.noContainer(containerID) }
        return user
    }

    // MARK: - In other words

    /// The same by whatever name or id it was asked for.
    private static func status(_ image: Images.StoredImage) -> ImageStatus {
        ImageStatus(
            id: image.digest.description,
            tags: image.repoTags,
            digests: image.repoDigests,
            size: image.size,
            reference: Pods.ImageReference(image.digest.description),
            isPinned: image.isPinned
        )
    }

    /// For which server credentials are.
    private static func server(
        _ credentials: ImageCredentials?,
        _ reference: Pods.ImageReference
    ) throws(ImageError) -> CredentialServer {
        if let server = credentials?.server, !server.isEmpty { return .named(server) }
        // kubelet chose them for this prefix, which is not a server: they are for VM images, wherever these are.
        if reference.name.hasPrefix(Images.ImageReference.formerPrefix) { return .any }
        return .ofName(try Images.ImageReference(reference.name))
    }

    private static func credentials(
        _ credentials: ImageCredentials
    ) throws(ImageError) -> Credentials? {
        try Credentials.fromCRI(
            username: credentials.user,
            password: credentials.password,
            auth: credentials.basic,
            identityToken: credentials.identityToken,
            registryToken: credentials.bearerToken
        )
    }

    private func naming<Value>(_ body: () throws(ImageError) -> Value) throws(PodServiceError) -> Value {
        do throws(ImageError) { return try body() } catch { throw Self.error(error) }
    }

    private static func error(_ error: ImageError) -> PodServiceError {
        let kind: PodServiceError.Kind =
            switch error.code {
            case .invalidName, .refused, .digestMismatch, .configuration: .invalidArgument
            case .notFound, .absent: .notFound
            case .inUse: .failedPrecondition
            case .unauthorized, .protocolFailure: .failedPrecondition
            case .unreachable: .unavailable
            case .noSpace: .resourceExhausted
            case .cancelled: .deadlineExceeded
            case .system: .internalError
            }
        return PodServiceError(kind, error.description)
    }
}
