// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import Pods

/// The image half of the interface.
struct ImageCalls<Service: Pods.ImageService>: RegistrableRPCService {
    let images: Service
    let journal: CallJournal

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let images = images
        router.serve("ListImages", of: .image, journal) {
            (request: CRIListImagesRequest) async throws(PodServiceError) -> CRIListImagesResponse in
            let name = request.filter.image.image
            let found = try await images.images(name.isEmpty ? nil : ImageReference(request.filter.image))
            return .with(\.images, found.map { CRIImage($0) })
        }
        router.serve("ImageStatus", of: .image, journal) {
            (request: CRIImageStatusRequest) async throws(PodServiceError) -> CRIImageStatusResponse in
            let reference = try ImageReference(named: request.image)
            return CRIImageStatusResponse(try await images.imageStatus(reference, isVerbose: request.verbose))
        }
        router.serve("ImageFsInfo", of: .image, journal) {
            (_: CRIImageFsInfoRequest) async throws(PodServiceError) -> CRIImageFsInfoResponse in
            let usage = try await images.usage()
            return .with(\.imageFilesystems, usage.map { CRIFilesystemUsage($0) })
        }
        router.serve(
            "PullImage",
            of: .image,
            journal,
            // An image takes as long as its server sends it.
            limit: { _ in nil },
            subject: { (request: CRIPullImageRequest, response: CRIPullImageResponse?) in
                "image=\(CallJournal.printable(request.image.image)) ref=\(response?.imageRef ?? "-")"
            },
            body: { request async throws(PodServiceError) in
                let reference = try await images.pull(
                    ImageReference(named: request.image),
                    credentials: request.hasAuth ? ImageCredentials(request.auth) : nil,
                    sandbox: .again(request.hasSandboxConfig, request.sandboxConfig)
                )
                return .with(\.imageRef, reference)
            }
        )
        router.serve(
            "RemoveImage",
            of: .image,
            journal,
            subject: { (request: CRIRemoveImageRequest, _: CRIRemoveImageResponse?) in
                "image=\(CallJournal.printable(request.image.image))"
            },
            body: { request async throws(PodServiceError) in
                try await images.remove(ImageReference(named: request.image))
                return CRIRemoveImageResponse()
            }
        )
        router.refuse("StreamImages", of: .image, "lists are answered whole: use ListImages")
    }
}
