// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods
import Testing

@testable import PodRuntime

@Suite struct RootVolumeTests {
    private func refusal(
        _ size: Int64?,
        image: Int64,
        limit: Int64? = nil,
        free: Int64? = nil
    ) -> PodServiceError? {
        do throws(PodServiceError) {
            try RootVolume(size: size, imageSize: image, limit: limit, free: free).check()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a disk of the image's size or more is made where there is room`() {
        #expect(refusal(nil, image: 256 << 20) == nil)
        #expect(refusal(256 << 20, image: 256 << 20, limit: 256 << 20, free: 256 << 20) == nil)
        #expect(refusal(10 << 30, image: 256 << 20, limit: 10 << 30, free: 65 << 30) == nil)
        // An image is thin, and its own size is not the pod's to choose.
        #expect(refusal(nil, image: 100 << 30, free: 65 << 30) == nil)
    }

    @Test(arguments: [1, 64 << 20, (256 << 20) - 1] as [Int64])
    func `a size below the image's is refused with both sizes`(size: Int64) {
        let error = refusal(size, image: 256 << 20, free: 65 << 30)
        #expect(error?.kind == .invalidArgument)
        #expect(error?.message.contains("VirtletRootVolumeSize") == true)
        #expect(error?.message.contains("256 MiB") == true && error?.message.contains("268435456") == true)
    }

    @Test(arguments: [63 << 40, (65 << 30) + 1, Int64.max] as [Int64])
    func `more than what is free is refused with both sizes`(size: Int64) {
        let error = refusal(size, image: 256 << 20, free: 65 << 30)
        #expect(error?.kind == .resourceExhausted)
        #expect(
            error?.message.contains("VirtletRootVolumeSize: \(RootVolume.text(size))") == true
                && error?.message.contains("65 GiB") == true
        )
    }

    @Test func `the operator's limit holds for the annotation and for the image`() {
        let asked = refusal(11 << 30, image: 1, limit: 10 << 30, free: 65 << 30)
        #expect(asked?.kind == .invalidArgument && asked?.message.contains("root-volume-limit") == true)
        let image = refusal(nil, image: 11 << 30, limit: 10 << 30, free: 65 << 30)
        #expect(
            image?.kind == .invalidArgument && image?.message.contains("the image's size of 11 GiB") == true
        )
    }

    @Test(arguments: [
        (Int64(63) << 40, "63 TiB"), (64 << 20, "64 MiB"), (1023, "1023 bytes"), (1536, "1.5 KiB"),
        (900 << 10, "900 KiB"),
        (0, "0 bytes"),
    ])
    func `sizes are told as people read them`(bytes: Int64, text: String) {
        #expect(RootVolume.text(bytes) == text)
    }
}
