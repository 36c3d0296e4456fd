"""The cloud that a command works against: what it does by itself, and what it leaves to the user.

On AWS the user asks for each thing, and says yes before anything changes. A rehearsal on the embedded cloud needs no
such care: there a run deploys what it needs and finds sample data, and nobody is asked. These two classes hold
that difference for whoever shows it; for commands, :func:`shared.cli.wiring.cloud_of` chooses.
"""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from shared.aws.access_key import AccessKey, credentials
from shared.config.worlds import MEETING
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane
    from shared.config.load import Project
    from shared.deploy.lane_deployment import LaneDeployment
    from shared.deploy.model import Plan, Resource, Step
    from shared.deploy.watch import Watch
    from shared.local.standing import Standing
    from shared.local.state import State
    from shared.packages.package import Package, Wanted
    from shared.packages.target import Target
    from shared.run.compared import Compared
    from shared.run.debug.again import Here
    from shared.run.debug.calls import Rights
    from shared.run.debug.deployed import Deployed
    from shared.values import Json


_NO_CONSTRAINT = "us-east-1"  # a bucket there is made without its region (S3 API, CreateBucket)


class Cloud:
    """AWS, or what stands in its place at a URL. The user asks for each thing.

    Args:
        project: What is worked on.
        aws: The cloud's clients.
        note: Tells the user what is done beside what was asked for.
    """

    asks_first = True
    """Whether a command asks before it changes anything."""
    keeps_ranks = False
    """Whether ranks that a payload sends to the lane's rendezvous meet in the cloud instead."""

    def __init__(self, project: Project, aws: Aws, note: Callable[[str], None]) -> None:
        self._project = project
        self._note = note
        self._aws = aws
        self._packages: dict[str, Mapping[str, Package]] = {}
        self._known: dict[Wanted, Package] = {}  # a shared workflow's is the same for all teams
        self.on_step: Callable[[Step], None] = lambda _: None
        """Is told each step of what is deployed beside what was asked for, when it is done."""

    @property
    def outlives_command(self) -> bool:
        """Whether what the cloud holds is still there when the command has ended."""
        return True

    def packages(self, lane: Lane) -> Mapping[str, Package]:
        """Return the code of *lane*'s workflows as zips, by their keys, made once for a command."""
        from shared.deploy.code import package_code

        if lane.team not in self._packages:
            self._packages[lane.team] = package_code(self._project, lane, self._note, self._target, self._known)
        return self._packages[lane.team]

    def prepare(self, lane: Lane) -> LaneDeployment:
        """Return the deployment of *lane*, with the images that its functions are to run."""
        from shared.deploy.lane_deployment import LaneDeployment

        images = self._images(lane)  # first, since an image that is missing is told sooner than libraries are fetched
        return LaneDeployment(lane, self._project, self._aws, self.packages(lane), images)

    def plan(self, lane: Lane) -> Plan:
        """Return what a deploy of *lane* would do; it changes nothing.

        Raises:
            LanesError: As of :meth:`prepare` and :meth:`LaneDeployment.plan`.
        """
        return self.prepare(lane).plan()

    def carry_out(self, deployment: LaneDeployment, todo: Plan, watch: Watch) -> None:
        """Carry out *todo*, a plan of *deployment*."""
        deployment.carry_out(todo, watch)

    def say_python(self, lane: Lane) -> None:
        """Say that functions are of another Python than this machine's."""
        from shared.config.runtimes import MACHINE

        if lane.runtime != MACHINE:
            self._note(f"functions get {lane.runtime}, as the settings say; this machine's own is {MACHINE}")

    def warn_if_brief(self) -> None:
        """Say that a cloud that was started for one command ends with it."""
        if not self.outlives_command:
            self._note("this embedded cloud began empty and ends with the command; lanes up keeps one")

    def make_deployed(self, lane: Lane) -> None:
        """In a rehearsal, deploy *lane* where it lacks anything."""

    def make_current(self, lane: Lane) -> frozenset[str]:
        """In a rehearsal, deploy *lane*. Return the names of what a deploy of it would change after that.

        Raises:
            LanesError: It sleeps.
        """
        self.check_awake(lane)
        return frozenset(step.name for step in self.prepare(lane).plan().changes)

    def check_room(self, lane: Lane, workflow: str, payload: Json) -> None:
        """In a rehearsal, refuse more ranks that wait for each other than this machine runs at once."""

    def check_awake(self, lane: Lane) -> None:
        """Refuse to run anything of a lane that sleeps.

        Raises:
            LanesError: It does.
        """
        from shared.deploy.sleeping import check_awake

        check_awake(lane, self._aws)

    def make_ready(self, lane: Lane, workflow: str, payload: Json) -> None:
        """In a rehearsal, deploy *lane* where it lacks anything, and put sample data where there is none.

        Raises:
            LanesError: It sleeps.
        """
        del workflow, payload
        self.check_awake(lane)

    def watch_times(self) -> Callable[[], str]:
        """Return what says, when it is called, how far times since now are AWS's; "" where they are AWS's anyway."""
        return str

    def make_commons(self, lane: Lane) -> None:
        """In a rehearsal, make the buckets of shared data that *lane* reads, which an account on AWS has."""

    def make_zone(self, zone: str) -> None:
        """In a rehearsal, make the hosted zone that an account on AWS has from its registrar."""

    def meeting_here(self, lane: Lane, payload: Json) -> dict[str, str]:
        """Return what to change in *payload*, so that its ranks meet in a cloud that keeps them.

        Payloads of the field spell the rendezvous's endpoint out, and a rehearsal must not leave the machine. Ranks
        that a payload sends anywhere else go there.
        """
        told = payload.get(MEETING) if isinstance(payload, dict) else None
        return {MEETING: ""} if self.keeps_ranks and told == lane.rendezvous.endpoint else {}

    def bring_here(self, lane: Lane, deployed: Deployed, *, write: bool) -> Here:
        """Return what it takes to call a function of *lane* in this process; *write* lets its calls change something.

        Raises:
            LanesError: A library cannot be had, or the function's rights cannot be read.
        """
        from shared.deploy.code import CACHE, wanted_of
        from shared.run.debug.again import Here, own_folders
        from shared.run.debug.calls import Guard
        from shared.run.debug.libraries import HERE, libraries_here

        workflow, root = lane.workflows.get(deployed.function.workflow), self._project.root.resolve()
        folder = workflow.folder.resolve() if workflow and workflow.folder else None
        wanted = wanted_of(self._project, lane, deployed.function, lambda _: HERE)
        libraries = libraries_here(wanted, root / CACHE, self._note)
        variables, rights = self._identity(lane, deployed)
        guard = Guard(lane.place.account, own_folders(root, folder), write=write, rights=rights)
        return Here(deployed, root, folder, libraries, variables, guard)

    def code_differs(self, lane: Lane, deployed: Deployed) -> bool | None:
        """Say whether the code on disk is another than what is deployed; None if nobody can tell, as of an image."""
        from shared.deploy.code import CACHE, wanted_of
        from shared.run.debug.libraries import code_differs

        if deployed.function.image:
            return None
        wanted = wanted_of(self._project, lane, deployed.function, self._target)
        return code_differs(wanted, deployed.sha256, self._project.root / CACHE, self._note)

    def _identity(self, lane: Lane, deployed: Deployed) -> tuple[Mapping[str, str], Rights | None]:
        """Return the variables with which a function's calls go from this process, and what decides them here.

        Nobody but Lambda takes the role of a function: the calls go as the user's own.
        """
        from shared.run.debug.rights import read_rights

        held = self._aws.session.get_credentials()
        if held is None:
            raise LanesError("there are no credentials for the handler's calls", fix="log in, or give --profile")
        frozen = held.get_frozen_credentials()
        key = AccessKey(frozen.access_key or "", frozen.secret_key or "", frozen.token or "")
        return credentials(key, self._aws.target.endpoint), read_rights(self._aws, lane, deployed)

    def _target(self, function: Function) -> Target:
        """Return what *function* runs on here."""
        from shared.deploy.code import target_of

        return target_of(function)

    def _images(self, lane: Lane) -> Mapping[str, str]:
        """Return the image of each function of *lane* that is one, by its key: those that the user pushed."""
        from shared.deploy.pushed import pushed_images

        return pushed_images(lane, self._aws)


class Rehearsal(Cloud):
    """The embedded cloud, which does by itself what a run needs.

    Args:
        project: As of a cloud, *aws* and *note* too.
        aws: The clients of its owner, or of a role in it.
        state: Its files.
        note: Is told what is done.
        compared: What was known of the project's files before they were read; None to compare all of a lane each time.
    """

    asks_first = False
    keeps_ranks = True

    def __init__(
        self,
        project: Project,
        aws: Aws,
        state: State,
        note: Callable[[str], None],
        compared: Compared | None = None,
    ) -> None:
        super().__init__(project, aws, note)
        self._compared = compared
        self._state = state
        self._running = state.running()
        self._told: set[str] = set()
        self._making = Lock()  # several lanes are deployed at once, and may share an image or a bucket of shared data

    @property
    def outlives_command(self) -> bool:
        """Whether it is the cloud that ``lanes up`` keeps."""
        return self._running is not None and self._running.endpoint == self._aws.target.endpoint

    def plan(self, lane: Lane) -> Plan:
        """Return what a deploy of *lane* would do, while no deploy makes the same packages and images.

        Raises:
            LanesError: As of a cloud's.
        """
        with self._state.one_deploy():
            deployment = self.prepare(lane)
        return deployment.plan()

    def carry_out(self, deployment: LaneDeployment, todo: Plan, watch: Watch) -> None:
        """Bring the images to the cloud's registry if anything is to change, then carry out *todo*.

        Raises:
            LanesError: The cloud does not have a layer.
        """
        from shared.local.layers import check_layers
        from shared.local.networks import other_network

        if deployment.lane.commons:
            with self._making:
                self.make_commons(deployment.lane)
        if todo.changes:
            check_layers(deployment.lane, self._aws)
            if told := other_network(deployment.lane):
                self._note(told)
            self._made_images(deployment.lane, push=True)
        super().carry_out(deployment, todo, watch)

    def say_python(self, lane: Lane) -> None:
        """Say what functions run on that are of another Python or architecture than this machine's."""
        from shared.local.pythons import other_machine, other_python

        zipped = [each for each in lane.functions.values() if not each.image]
        lines = [other_python(each.runtime) for each in zipped]
        lines += [other_machine(each.architecture) for each in lane.functions.values()]
        for line in dict.fromkeys(lines):
            if line and line not in self._told:
                self._told.add(line)
                self._note(line)

    def make_deployed(self, lane: Lane) -> None:
        """Deploy *lane* where it lacks anything."""
        changes = self._changes(lane)
        if self._unchanged(lane, changes):
            self.say_python(lane)
            return
        todo, _ = self.redeploy(lane)
        if todo.changes:
            self._note(f"deployed {lane.team}: {len(todo.changes)} steps")
        elif changes and self._compared:
            self._compared.keep_deployed(lane.team, changes)

    def _unchanged(self, lane: Lane, changes: str) -> bool:
        """Whether neither files nor cloud, whose count is at *changes*, changed since there was nothing to deploy."""
        return bool(changes and self._compared and self._compared.is_deployed(lane.team, changes))

    def _changes(self, lane: Lane) -> str:
        """Return the cloud's count of what may have changed a resource; "" where it does not tell all of *lane*.

        Images and shared data come from elsewhere, a role does not see all, and a cloud of this command began empty.
        """
        from shared.local.trail import CHANGES

        whole = self.outlives_command and self._aws.owner is self._aws
        if not whole or not self._compared or lane.commons or any(each.image for each in lane.functions.values()):
            return ""
        answer = self._aws.client("lambda").get_account_settings()
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get(CHANGES, ""))

    def redeploy(self, lane: Lane, before: Collection[Resource] = ()) -> tuple[Plan, tuple[Resource, ...]]:
        """Deploy what *lane* wants otherwise than *before*, which was wanted when it was deployed last.

        Returns:
            What was done, and what is wanted now.
        """
        from shared.deploy.ledger import with_ledger
        from shared.deploy.plan import plan_edit
        from shared.deploy.watch import STEPS_AT_ONCE, Watch

        self.say_python(lane)
        with self._state.one_deploy():
            deployment = self.prepare(lane).as_it_stands()
            wanted = deployment.wanted()
            todo = with_ledger(plan_edit(deployment.lane, wanted, before, self._aws), lane, self._project, self._aws)
            watch = Watch(on_step=self.on_step, on_wait=self._note, at_once=STEPS_AT_ONCE)
            self.carry_out(deployment, todo, watch)
        return todo, wanted

    def make_current(self, lane: Lane) -> frozenset[str]:
        """Deploy *lane* where it lacks anything, which leaves nothing to change."""
        self.check_awake(lane)
        self.make_deployed(lane)
        return frozenset()

    def check_room(self, lane: Lane, workflow: str, payload: Json) -> None:
        """Refuse a world that this machine does not carry now: none of its ranks would start.

        Raises:
            UsageError: There are more ranks than it has room for, ever or while others run.
        """
        from shared.config.worlds import MEETS, meeting_ranks
        from shared.local.owners import owner_of

        ranks = meeting_ranks(lane, lane.workflows[workflow], payload) if isinstance(payload, dict) else None
        functions = [lane.functions[key] for key in lane.workflows[workflow].functions.values()]
        if ranks is None or any(each.reserved_concurrency for each in functions if MEETS in each.environment):
            return  # none waits for another, or what they need is reserved for them
        standing = self._standing()
        team = owner_of(lane.state_machine_arn(workflow))
        if standing and (why := standing.why_not(team, ranks)):
            raise UsageError(why.what, where="the embedded cloud", fix=why.fix)

    def _standing(self) -> Standing | None:
        """Return what the cloud says of its environments and its pace."""
        from shared.local.standing import read_standing

        answer = self._aws.owner.client("lambda").get_account_settings()
        return read_standing(answer["ResponseMetadata"]["HTTPHeaders"])

    def watch_times(self) -> Callable[[], str]:
        """Return what says, when it is called, what this machine delayed since now in a cloud that paces."""
        if self._running is None or not self._running.as_aws:
            return super().watch_times()
        before = self._standing()

        def say() -> str:
            after = self._standing()
            if before is None or after is None or before.pace is None or after.pace is None:
                return ""
            return after.pace.since(before.pace).of_a_run()

        return say

    def make_ready(self, lane: Lane, workflow: str, payload: Json) -> None:
        """Deploy *lane* where it lacks anything, and put sample data where there is none."""
        if not self._unchanged(lane, self._changes(lane)):  # then it is awake, as it was
            self.check_awake(lane)
            self.make_deployed(lane)
        self.place_samples(lane, workflow, payload)

    def place_samples(self, lane: Lane, workflow: str, payload: Json) -> None:
        """Put sample data where there is none."""
        from shared.run.items import place_sample_items
        from shared.run.sample import place_own_sample, place_sample

        card = self._project.card(lane.team, workflow)
        if placed := place_sample(card, lane, payload, self._aws, self._state.scratch):
            self._note(placed)
        if placed := place_own_sample(lane, workflow, self._aws):
            self._note(placed)
        for placed in place_sample_items(card, lane.workflows[workflow], self._aws):
            self._note(placed)

    def make_commons(self, lane: Lane) -> None:
        """Make the buckets of shared data that *lane* reads, as the cloud's owner; other accounts' are not here."""
        from shared.deploy.reading import if_there

        s3, region = self._aws.owner.client("s3"), lane.place.region
        where = {} if region == _NO_CONSTRAINT else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        for name, owner in lane.commons.items():
            if owner != lane.place.account:
                self._note(f"shared data {name} is account {owner}'s, and not in this cloud: it is read on AWS alone")
            elif (
                if_there(partial(s3.head_bucket, Bucket=name, ExpectedBucketOwner=owner), "404", "NoSuchBucket") is None
            ):
                s3.create_bucket(Bucket=name, **where)
                self._note(f"made s3://{name} for shared data; lanes data upload {lane.team} --commons {name} fills it")

    def make_zone(self, zone: str) -> None:
        """Make the hosted zone that an account on AWS has from its registrar, as the cloud's owner."""
        route53 = self._aws.owner.client("route53")
        found = route53.list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
        if not any(each["Name"].rstrip(".") == zone for each in found):
            route53.create_hosted_zone(Name=zone, CallerReference=zone)

    def _identity(self, lane: Lane, deployed: Deployed) -> tuple[Mapping[str, str], Rights | None]:
        """Return the credentials of the function's own role; the cloud decides its calls."""
        from shared.local.role_keys import function_key

        del lane
        key = function_key(self._aws.owner, deployed.role, deployed.function.name, deployed.arn)
        return credentials(key, self._aws.target.endpoint), None

    def _target(self, function: Function) -> Target:
        """Return what runs *function* on this machine, whose processor is what it is."""
        from shared.config.runtimes import machine_architecture
        from shared.local.pythons import runtime_here
        from shared.packages.target import Target

        return Target(runtime_here(function.runtime), machine_architecture())

    def _images(self, lane: Lane) -> Mapping[str, str]:
        return self._made_images(lane, push=False)

    def _made_images(self, lane: Lane, *, push: bool) -> Mapping[str, str]:
        """Return the image of each function of *lane* that is one, by its key: made here, unless one was pushed."""
        from shared.local.images import images_here

        with self._making:
            return images_here(lane, self.packages(lane), self._state.folder / "images-here", self._aws, push=push)
