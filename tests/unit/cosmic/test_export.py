from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import LanesError
from shared.handlers.cosmic.errors import WrongModel
from shared.handlers.cosmic.model import Model

if TYPE_CHECKING:
    from pathlib import Path

torch: Any = pytest.importorskip("torch", reason="exporting needs the extra: train")
pytest.importorskip("onnx", reason="exporting needs the extra: train")
export: Any = pytest.importorskip("shared.cosmic.export")
network: Any = pytest.importorskip("shared.cosmic.network")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, about TorchScript
IMAGES, MAGNITUDES = torch.rand(2, 5, 32, 32), torch.rand(2, 5)


class Small(torch.nn.Module):  # type: ignore[misc]  # torch is untyped here
    def __init__(self) -> None:
        super().__init__()
        self.look = torch.nn.Conv2d(5, 4, 3)
        self.head = torch.nn.Linear(9, 1)

    def forward(self, images: Any, magnitudes: Any) -> Any:
        return self.head(torch.cat([self.look(images).mean((2, 3)), magnitudes], 1)).squeeze(1)


class Field(torch.nn.Module):  # type: ignore[misc]  # as above
    """As the field's modules: both in one list, an answer of [n, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.small = Small()

    def forward(self, both: Any) -> Any:
        return self.small(both[0], both[1])[:, None]


def traced(tmp_path: Path, module: Any, example: Any) -> Path:
    torch.jit.save(torch.jit.trace(module.eval(), example), tmp_path / "mine.ts")
    return tmp_path / "mine.ts"


@pytest.mark.parametrize(
    ("module", "example"), [(Small(), (IMAGES, MAGNITUDES)), (Field(), ([IMAGES, MAGNITUDES],))], ids=["two", "list"]
)
def test_a_users_torchscript_becomes_a_model_that_ranks_run(module: Any, example: Any, tmp_path: Path) -> None:
    target = tmp_path / "mine.onnx"
    export.to_onnx(export.load(traced(tmp_path, module, example)), target)
    expected = module(*example).detach().numpy().reshape(-1)
    assert Model(target, "mine", 1).predict(IMAGES.numpy(), MAGNITUDES.numpy()) == pytest.approx(expected, abs=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.ts", "mine.onnx"}


def test_the_packaged_network_is_exported_whole(tmp_path: Path) -> None:
    made = network.AstroNet(torch.ones(5), torch.full((5,), 18.0), torch.ones(5)).eval()
    export.to_onnx(made, tmp_path / "x.onnx")
    with torch.no_grad():
        expected = made(IMAGES, 18 + MAGNITUDES).numpy()
    answer = Model(tmp_path / "x.onnx", "x", 1).predict(IMAGES.numpy(), 18 + MAGNITUDES.numpy())
    assert answer == pytest.approx(expected, abs=1e-4)


def test_a_module_of_other_arguments_is_refused(tmp_path: Path) -> None:
    path = traced(tmp_path, torch.nn.Linear(3, 3), (torch.rand(2, 3),))
    with pytest.raises(WrongModel, match=r"it takes \(Tensor\); expected \(images, magnitudes\)"):
        export.load(path)


def test_a_module_of_another_answer_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    class Many(Small):
        def forward(self, images: Any, magnitudes: Any) -> Any:
            return self.look(images).mean((2, 3)) + magnitudes[:, :4]

    path = traced(tmp_path, Many(), (IMAGES, MAGNITUDES))
    with pytest.raises(WrongModel, match=r"it answers \[4\] for 1 records"):
        export.to_onnx(export.load(path), tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


def test_a_pickled_module_is_refused(tmp_path: Path) -> None:
    torch.save(Small().state_dict(), tmp_path / "mine.pt")
    with pytest.raises(LanesError, match=r"(?s)not TorchScript.*torch\.jit\.save"):
        export.load(tmp_path / "mine.pt")
