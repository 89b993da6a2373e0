"""Single remarkable things that happen to the company."""

from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.scrum import ScrumCadence
from itpm_pipeline.sandbox.company.world import World


class Episodes:
    def __init__(self, world: World, delivery: Delivery, dependencies: Dependencies) -> None:
        self.sprints: dict[str, ScrumCadence] = {}

    def begin(self) -> None: ...

    def finish(self) -> None: ...
