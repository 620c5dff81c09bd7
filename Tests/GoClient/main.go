// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// Calls vm-runtime by grpc-go, which kubelet and crictl use: main SOCKET. What it sends and expects is written out in
// bytes, so that neither side's description of the messages matters.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// Bytes are sent and given as they are.
type raw struct{}

func (raw) Marshal(value interface{}) ([]byte, error)      { return value.([]byte), nil }
func (raw) Unmarshal(data []byte, value interface{}) error { *value.(*[]byte) = append([]byte{}, data...); return nil }
func (raw) Name() string                                   { return "proto" }

// A field with a length: its number and content.
func field(number int, content []byte) []byte {
	out := varint(nil, uint64(number<<3|2))
	return append(varint(out, uint64(len(content))), content...)
}

func varint(out []byte, value uint64) []byte {
	for value >= 0x80 {
		out = append(out, byte(value)|0x80)
		value >>= 7
	}
	return append(out, byte(value))
}

var connection *grpc.ClientConn

const runtime = "/runtime.v1.RuntimeService/"

func call(method string, request []byte, limit time.Duration) ([]byte, error) {
	scope, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var answer []byte
	err := connection.Invoke(scope, method, request, &answer)
	return answer, err
}

func check(name string, ok bool, told ...interface{}) {
	if !ok {
		fmt.Println("WRONG", name, fmt.Sprint(told...))
		os.Exit(1)
	}
	fmt.Println("ok   ", name)
}

func main() {
	dial := func(_ context.Context, path string) (net.Conn, error) { return net.Dial("unix", path) }
	var err error
	connection, err = grpc.Dial(os.Args[1], grpc.WithInsecure(), grpc.WithContextDialer(dial),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(16<<20), grpc.MaxCallSendMsgSize(32<<20)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}))
	check("connects", err == nil, err)

	answer, err := call(runtime+"Version", nil, 10*time.Second)
	check("Version", err == nil && bytes.Contains(answer, []byte("contrail-vm")) && bytes.Contains(answer, []byte("\x22\x02v1")), err, answer)
	answer, err = call(runtime+"Status", []byte{8, 1}, 10*time.Second)
	check("Status has both conditions", err == nil && bytes.Contains(answer, []byte("RuntimeReady")) &&
		bytes.Contains(answer, []byte("NetworkReady")), err, answer)
	answer, err = call("/grpc.health.v1.Health/Check", nil, 10*time.Second)
	check("the health service serves", err == nil && bytes.Equal(answer, []byte{8, 1}), err, answer)

	_, err = call(runtime+"PodSandboxStatus", field(1, []byte("none")), 10*time.Second)
	told := status.Convert(err)
	check("an unknown sandbox is NOT_FOUND, in words", told.Code() == codes.NotFound && strings.Contains(told.Message(), "none"), err)
	_, err = call(runtime+"PodSandboxStatus", []byte{0x0a, 0xff, 0xff}, 10*time.Second)
	check("what is not a message is INVALID_ARGUMENT", status.Code(err) == codes.InvalidArgument, err)
	_, err = call(runtime+"NoSuchCall", nil, 10*time.Second)
	check("an unknown call is UNIMPLEMENTED", status.Code(err) == codes.Unimplemented, err)
	_, err = call(runtime+"ExecSync", append(field(1, []byte("none")), field(2, []byte("true"))...), 10*time.Second)
	told = status.Convert(err)
	check("a call to come is UNIMPLEMENTED, in words", told.Code() == codes.Unimplemented && told.Message() != "", err)

	// ContainerStatus of an id of nearly 16 MiB; then more than a message may have.
	_, err = call(runtime+"ContainerStatus", field(1, bytes.Repeat([]byte("a"), 16<<20-64)), 60*time.Second)
	check("a message of 16 MiB is taken", status.Code(err) == codes.NotFound, status.Code(err))
	_, err = call(runtime+"ContainerStatus", field(1, bytes.Repeat([]byte("a"), 17<<20)), 60*time.Second)
	check("a longer one is RESOURCE_EXHAUSTED", status.Code(err) == codes.ResourceExhausted, status.Code(err))

	scope, cancel := context.WithCancel(context.Background())
	cancel()
	err = connection.Invoke(scope, runtime+"Version", []byte{}, &answer)
	check("a caller that gives up is told so", status.Code(err) == codes.Canceled, err)

	stream, err := connection.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, runtime+"GetContainerEvents")
	check("a stream opens", err == nil, err)
	err = stream.SendMsg([]byte{})
	if err == nil || err == io.EOF {
		_ = stream.CloseSend()
		err = stream.RecvMsg(&answer)
	}
	check("events are UNIMPLEMENTED, in words", status.Code(err) == codes.Unimplemented, err)

	var group sync.WaitGroup
	failures := make(chan error, 1000)
	for caller := 0; caller < 50; caller++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for turn := 0; turn < 20; turn++ {
				if _, err := call(runtime+"ListPodSandbox", nil, 30*time.Second); err != nil {
					failures <- err
				}
			}
		}()
	}
	group.Wait()
	check("1000 calls on one connection, 50 at a time", len(failures) == 0, len(failures))
}
