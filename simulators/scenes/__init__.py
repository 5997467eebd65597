"""Scenes composed over real footage, with ground truth: the simulated street, and clips for judging.

They are *composed*: a real bicycle and a real passer-by, cut out of a film, are laid over its still views.
"""

from simulators.scenes.assets import Assets, load_assets
from simulators.scenes.clips import Clip, clip_set, write_clips
from simulators.scenes.cutout import CutOut
from simulators.scenes.encode import compose_clip
from simulators.scenes.looks import CAMERAS, look, with_bicycle
from simulators.scenes.model import Layer, Light, Passer, Scene, Truth, truth
from simulators.scenes.paint import Painter, render
from simulators.scenes.scenario import Play, Scenario, Visits, demo
from simulators.scenes.segments import Library
from simulators.scenes.street import SceneProgramme, Street, camera_id, camera_index

__all__ = [
    "CAMERAS",
    "Assets",
    "Clip",
    "CutOut",
    "Layer",
    "Library",
    "Light",
    "Painter",
    "Passer",
    "Play",
    "Scenario",
    "Scene",
    "SceneProgramme",
    "Street",
    "Truth",
    "Visits",
    "camera_id",
    "camera_index",
    "clip_set",
    "compose_clip",
    "demo",
    "load_assets",
    "look",
    "render",
    "truth",
    "with_bicycle",
    "write_clips",
]
