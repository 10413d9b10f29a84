// Command gobp-kpack does with manifests what kpack does with them, up to the pod of a build.
//
// It stands for the API server, the webhook and the controllers of a cluster, and is built inside
// a copy of kpack's module, so that all judgement is kpack's own: every field known to its types,
// its defaults and validation, its reading of stack, lifecycle and buildpack, its making of the
// builder, and its pod. It prints the pod, and the objects as the cluster would hold them.
//
//	gobp-kpack MANIFESTS REVISION [LAST-IMAGE]
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	k8sfake "k8s.io/client-go/kubernetes/fake"
	"knative.dev/pkg/apis"
	strictyaml "sigs.k8s.io/yaml"

	build "github.com/pivotal/kpack/pkg/apis/build/v1alpha2"
	core "github.com/pivotal/kpack/pkg/apis/core/v1alpha1"
	"github.com/pivotal/kpack/pkg/buildpod"
	kpackfake "github.com/pivotal/kpack/pkg/client/clientset/versioned/fake"
	"github.com/pivotal/kpack/pkg/cnb"
	"github.com/pivotal/kpack/pkg/duckbuilder"
	"github.com/pivotal/kpack/pkg/registry"
)

// cluster holds one object of each kind, as the examples have them.
type cluster struct {
	Secrets   []corev1.Secret
	Accounts  []corev1.ServiceAccount
	Buildpack build.ClusterBuildpack
	Stack     build.ClusterStack
	Lifecycle build.ClusterLifecycle
	Builder   build.ClusterBuilder
	Image     build.Image
	// The other way to name buildpacks; it is admitted, and the pods are made without it.
	Store     build.ClusterStore
	FromStore build.ClusterBuilder
}

// result is what the test runs.
type result struct {
	Pod     *corev1.Pod
	Builder build.BuilderRecord
	Secrets []corev1.Secret
}

// resource is what kpack's webhook is asked about.
type resource interface {
	SetDefaults(context.Context)
	Validate(context.Context) *apis.FieldError
}

// anonymous stands for the secrets of a cluster: the test's registry asks for none.
type anonymous struct{}

func (anonymous) KeychainForSecretRef(context.Context, registry.SecretRef) (authn.Keychain, error) {
	return authn.NewMultiKeychain(), nil
}

func main() {
	lastImage := ""
	if len(os.Args) > 3 {
		lastImage = os.Args[3]
	}
	made, err := run(os.Args[1], os.Args[2], lastImage)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		log.Fatal(err)
	}
}

func run(manifests, revision, lastImage string) (*result, error) {
	ctx := context.Background()
	objects, err := read(ctx, manifests)
	if err != nil {
		return nil, err
	}
	record, err := objects.makeBuilder(ctx)
	if err != nil {
		return nil, fmt.Errorf("the builder: %w", err)
	}
	pod, err := objects.pod(ctx, record, revision, lastImage)
	if err != nil {
		return nil, fmt.Errorf("the pod: %w", err)
	}
	return &result{Pod: pod, Builder: record, Secrets: objects.Secrets}, nil
}

// read decodes every document strictly and has kpack's own objects validated.
func read(ctx context.Context, folder string) (*cluster, error) {
	objects := &cluster{}
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
		for {
			document, err := decoder.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = objects.add(ctx, document)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
		}
	}
	return objects, nil
}

func (c *cluster) add(ctx context.Context, document []byte) error {
	meta := metav1.TypeMeta{}
	if err := strictyaml.Unmarshal(document, &meta); err != nil {
		return err
	}
	switch meta.APIVersion + " " + meta.Kind {
	case "v1 Secret":
		secret := corev1.Secret{}
		if err := strictyaml.UnmarshalStrict(document, &secret); err != nil {
			return err
		}
		secret.Data = map[string][]byte{}
		for key, value := range secret.StringData { // as the API server does
			secret.Data[key] = []byte(value)
		}
		c.Secrets = append(c.Secrets, secret)
		return nil
	case "v1 ServiceAccount":
		account := corev1.ServiceAccount{}
		if err := strictyaml.UnmarshalStrict(document, &account); err != nil {
			return err
		}
		c.Accounts = append(c.Accounts, account)
		return nil
	case "kpack.io/v1alpha2 ClusterBuildpack":
		return admit(ctx, document, &c.Buildpack)
	case "kpack.io/v1alpha2 ClusterStack":
		return admit(ctx, document, &c.Stack)
	case "kpack.io/v1alpha2 ClusterLifecycle":
		return admit(ctx, document, &c.Lifecycle)
	case "kpack.io/v1alpha2 ClusterStore":
		return admit(ctx, document, &c.Store)
	case "kpack.io/v1alpha2 ClusterBuilder":
		if bytes.Contains(document, []byte("kind: ClusterStore")) {
			return admit(ctx, document, &c.FromStore)
		}
		return admit(ctx, document, &c.Builder)
	case "kpack.io/v1alpha2 Image":
		ctx = context.WithValue(ctx, build.HasDefaultStorageClass, true)
		return admit(ctx, document, &c.Image)
	}
	return fmt.Errorf("unexpected %s %s", meta.APIVersion, meta.Kind)
}

func admit(ctx context.Context, document []byte, object resource) error {
	if err := strictyaml.UnmarshalStrict(document, object); err != nil {
		return err
	}
	object.SetDefaults(ctx)
	if err := object.Validate(ctx); err != nil {
		return err
	}
	return nil
}

// makeBuilder reads the images that the objects name and pushes the builder made of them.
func (c *cluster) makeBuilder(ctx context.Context) (build.BuilderRecord, error) {
	client := &registry.Client{}
	keychain := authn.NewMultiKeychain()
	var err error
	stacks := cnb.RemoteStackReader{RegistryClient: client}
	if c.Stack.Status.ResolvedClusterStack, err = stacks.Read(keychain, c.Stack.Spec); err != nil {
		return build.BuilderRecord{}, err
	}
	lifecycles := cnb.RemoteLifecycleReader{RegistryClient: client}
	c.Lifecycle.Status.ResolvedClusterLifecycle, err = lifecycles.Read(keychain, c.Lifecycle.Spec)
	if err != nil {
		return build.BuilderRecord{}, err
	}
	buildpacks := cnb.RemoteBuildpackReader{RegistryClient: client}
	images := []core.ImageSource{c.Buildpack.Spec.ImageSource}
	if c.Buildpack.Status.Buildpacks, err = buildpacks.Read(keychain, images); err != nil {
		return build.BuilderRecord{}, err
	}
	known := []*build.ClusterBuildpack{&c.Buildpack}
	fetcher := cnb.NewRemoteBuildpackFetcher(anonymous{}, nil, nil, known)
	creator := cnb.RemoteBuilderCreator{RegistryClient: client, KpackVersion: "test"}
	return creator.CreateBuilder(ctx, keychain, keychain, keychain, fetcher, &c.Stack,
		&c.Lifecycle, c.Builder.Spec.BuilderSpec, nil, c.Builder.Spec.Tag)
}

// pod makes the build that an image is due, and its pod.
func (c *cluster) pod(
	ctx context.Context, record build.BuilderRecord, revision, lastImage string,
) (*corev1.Pod, error) {
	c.Builder.Status.BuilderRecord(record)
	builder := &duckbuilder.DuckBuilder{
		TypeMeta: c.Builder.TypeMeta, ObjectMeta: c.Builder.ObjectMeta, Status: c.Builder.Status,
	}
	c.Image.Status.BuildCacheName = c.Image.CacheName()
	resolver := c.Image.SourceResolver()
	git := c.Image.Spec.Source.Git
	resolver.ResolvedSource(core.ResolvedSourceConfig{Git: &core.ResolvedGitSource{
		URL: git.URL, Revision: revision, Type: core.Branch,
	}})
	due := c.Image.Build(resolver, builder, lastBuild(lastImage, record), "TRIGGER", "", 1, "")
	generator := buildpod.Generator{
		K8sClient:       k8sfake.NewSimpleClientset(c.clusterObjects()...),
		KpackClient:     kpackfake.NewSimpleClientset(),
		KeychainFactory: anonymous{},
		ImageFetcher:    &registry.Client{},
	}
	return generator.Generate(ctx, due)
}

func (c *cluster) clusterObjects() []runtime.Object {
	objects := []runtime.Object{}
	for i := range c.Secrets {
		objects = append(objects, &c.Secrets[i])
	}
	for i := range c.Accounts {
		objects = append(objects, &c.Accounts[i])
	}
	return objects
}

// lastBuild is the build that made lastImage; nil where there was none.
func lastBuild(lastImage string, record build.BuilderRecord) *build.Build {
	if lastImage == "" {
		return nil
	}
	last := &build.Build{}
	last.Status.LatestImage = lastImage
	last.Status.Stack = record.Stack
	last.Status.Conditions = core.Conditions{
		{Type: core.ConditionSucceeded, Status: corev1.ConditionTrue},
	}
	return last
}
