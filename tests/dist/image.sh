#!/bin/sh
# The images of build/dist in a Docker engine of our own: loaded, run, copied from, and the init of
# another container. As root. usage: tests/dist/image.sh build/dist/whit-VERSION-linux-ARCH
# shellcheck disable=SC2317 # the harness calls the tests
set -u
# shellcheck source-path=SCRIPTDIR source=../engines/harness.sh
. "$(dirname "$0")/../engines/harness.sh"

version=$(basename "$whit" | sed 's/^whit-\(.*\)-linux-.*/\1/')
archive=$whit.image.tar
cgroup=whit-image-$$
made_directory=

# A command that hangs must not hang the test.
docker() {
	timeout -k 5 "$bound_seconds" docker "$@"
}

# hide DIRECTORY: where the engine writes, and no option moves it. In our own mounts only.
hide() {
	[ -d "$1" ] || { mkdir "$1" && made_directory=$1; }
	mount -t tmpfs tmpfs "$1"
}

start_engine() {
	export DOCKER_HOST="unix://$work/docker.sock" DOCKER_CONFIG="$work/client" DOCKER_BUILDKIT=0
	unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION
	mkdir "$work/client"
	echo '{}' >"$work/daemon.json"
	in_pid_namespace dockerd --storage-driver vfs \
		--iptables=false --ip6tables=false --bridge=none \
		--init-path "$whit" --cgroup-parent "/$cgroup" \
		--config-file "$work/daemon.json" --data-root "$work/data" \
		--exec-root "$work/exec" --pidfile "$work/dockerd.pid" --host "$DOCKER_HOST" \
		</dev/null >"$work/dockerd.log" 2>&1 &
	service=$!
}

does_engine_answer() {
	docker version >"$work/version.log" 2>&1
}

try_to_remove_cgroups() {
	for path in "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
		[ ! -d "$path" ] || rmdir "$path" 2>/dev/null || return 1
	done
}

after_all() {
	[ -z "$service" ] || stop_engine
	if [ -n "$made_directory" ]; then
		umount "$made_directory"
		rmdir "$made_directory"
	fi
}

stop_engine() {
	engine=$service
	dockerd=$(child_of "$engine" 2>/dev/null)
	[ -z "$dockerd" ] || kill -s TERM "$dockerd"
	service=
	wait_until 'the end of dockerd' has_ended "$engine" || kill -s KILL "$engine"
	wait "$engine"
	wait_until 'cgroups without processes' try_to_remove_cgroups
}

after_failure() {
	tail -n 15 "$work/dockerd.log"
}

begin
for tool in dockerd docker busybox; do
	is_installed "$tool" || skip_all "no $tool"
done
hide /etc/docker
hide /run
start_engine
wait_until 'an answer of dockerd' does_engine_answer || {
	tail -n 20 "$work/dockerd.log"
	exit 1
}

docker_load_takes_the_archive() {
	docker load -i "$archive" >"$here/load.log"
	expect_line "$here/load.log" "^Loaded image: whit:$version\$"
	docker image inspect -f '{{.Architecture}} {{json .Config.Entrypoint}}' "whit:$version" \
		>"$here/inspect.log"
	expect 'architecture and entry point' 'amd64 ["/whit","--"]' "$(cat "$here/inspect.log")"
}
run docker_load_takes_the_archive

the_image_prints_its_version() {
	docker run --rm --network none --entrypoint /whit "whit:$version" --version >"$here/out.log"
	expect_line "$here/out.log" "^whit version $version - git\.[0-9a-f]{12}\$"
}
run the_image_prints_its_version

licences_and_bill_of_materials_are_in_it() {
	container=$(docker create --network none "whit:$version" x)
	docker cp "$container:/usr/share/doc/whit" "$here/doc"
	docker rm "$container" >/dev/null
	expect_line "$here/doc/LICENSE" '^MIT License$'
	expect_line "$here/doc/copyright.musl" 'Rich Felker'
	if grep -q SPDXRef-libgcc "$here/doc/whit.spdx.json"; then
		expect_line "$here/doc/copyright.libgcc" '^GCC RUNTIME LIBRARY EXCEPTION$'
	fi
	expect_line "$here/doc/whit.spdx.json" '"SPDX-2.3"'
}
run licences_and_bill_of_materials_are_in_it

a_dockerfile_copies_from_it() {
	mkdir "$here/context"
	cp "$(command -v busybox)" "$here/context/busybox"
	cat >"$here/context/Dockerfile" <<-DOCKERFILE
		FROM scratch
		COPY busybox /bin/sh
		COPY --from=whit:$version /whit /sbin/whit
		ENTRYPOINT ["/sbin/whit", "--"]
		CMD ["sh", "-c", "read -r name < /proc/1/comm; echo pid 1 is \$name; exit 7"]
	DOCKERFILE
	docker build -q --network none -t whit-copied "$here/context" >"$here/build.log" 2>&1
	status=0
	docker run --rm --network none whit-copied >"$here/out.log" || status=$?
	expect 'the status of the command' 7 "$status"
	expect 'its output' 'pid 1 is whit' "$(cat "$here/out.log")"
}
run a_dockerfile_copies_from_it

docker_info_is_content_with_the_binary() {
	docker run --rm --network none --init whit-copied >/dev/null || [ $? -eq 7 ]
	docker info >"$here/info.log" 2>&1
	expect_line "$here/info.log" '^ init version: [0-9a-f]{12}$'
	expect_no_line "$here/info.log" 'WARNING:.*init'
}
run docker_info_is_content_with_the_binary

finish
