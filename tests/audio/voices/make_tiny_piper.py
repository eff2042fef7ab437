"""Makes the model of the tests, `tiny-vi.onnx`: shaped like a Piper voice of two speakers, and it only hums.

Run by hand, where the package onnx is installed: `python make_tiny_piper.py`. Every phoneme hums for 1,024 frames
times the length scale; speaker 1 hums an octave above speaker 0.
"""

import json
from pathlib import Path

from onnx import TensorProto, checker, helper, save

_FRAMES = 1024.0
_RATE_HZ = 22_050
_PHONEMES = (
    "_^$ abcdefghijklmnopqrstuvwxyzɓɗəɛɣɤɨɲŋɔʂʈʃʊʌʔɹɐɑɪðθʒæɜˈˌː1234567890.,!?;:'\"-|ʰʷʲɯɕɟʝçχɾʐʑhɦʎˀ"
    "˥˦˧˨˩\u0303\u0306\u031a\u032f"
)


def constant(name: str, kind: int, shape: list[int], values: list[float]) -> object:
    return helper.make_tensor(name, kind, shape, values)


def model() -> object:
    node = helper.make_node
    nodes = [
        node("Shape", ["input"], ["shape"]),
        node("Gather", ["shape", "one"], ["length"], axis=0),
        node("Cast", ["length"], ["phonemes"], to=TensorProto.FLOAT),
        node("Gather", ["scales", "one"], ["length_scale"], axis=0),
        node("Mul", ["phonemes", "length_scale"], ["scaled"]),
        node("Mul", ["scaled", "frames_each"], ["frames"]),
        node("Range", ["zero", "frames", "step"], ["at"]),
        node("Cast", ["sid"], ["speaker"], to=TensorProto.FLOAT),
        node("Add", ["speaker", "step"], ["octave"]),
        node("Mul", ["at", "octave"], ["at_speaker"]),
        node("Mul", ["at_speaker", "turn"], ["phase"]),
        node("Sin", ["phase"], ["sine"]),
        node("Mul", ["sine", "strength"], ["hum"]),
        node("Unsqueeze", ["hum", "axes"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, None]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
            helper.make_tensor_value_info("sid", TensorProto.INT64, [1]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, None])],
        [
            constant("one", TensorProto.INT64, [], [1]),
            constant("zero", TensorProto.FLOAT, [], [0.0]),
            constant("step", TensorProto.FLOAT, [], [1.0]),
            constant("frames_each", TensorProto.FLOAT, [], [_FRAMES]),
            constant("turn", TensorProto.FLOAT, [], [6.283185307 * 220 / _RATE_HZ]),
            constant("strength", TensorProto.FLOAT, [], [0.3]),
            constant("axes", TensorProto.INT64, [2], [0, 1]),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], producer_name="tests")
    made.ir_version = 8
    checker.check_model(made)
    return made


def config() -> dict[str, object]:
    return {
        "audio": {"sample_rate": _RATE_HZ},
        "espeak": {"voice": "vi"},
        "language": {"code": "vi_VN"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 2,
        "speaker_id_map": {"low": 0, "high": 1},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_id_map": {phoneme: [number] for number, phoneme in enumerate(dict.fromkeys(_PHONEMES))},
    }


if __name__ == "__main__":
    folder = Path(__file__).parent
    save(model(), str(folder / "tiny-vi.onnx"))
    (folder / "tiny-vi.onnx.json").write_text(json.dumps(config(), ensure_ascii=False) + "\n", encoding="utf-8")
