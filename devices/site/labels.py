"""The names a detector can give to what it sees: the 80 classes of COCO, in the order of their numbers."""

LABELS = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light"),
    *("fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow"),
    *(
        "elephant",
        "bear",
        "zebra",
        "giraffe",
        "backpack",
        "umbrella",
        "handbag",
        "tie",
        "suitcase",
        "frisbee",
    ),
    *(
        "skis",
        "snowboard",
        "sports ball",
        "kite",
        "baseball bat",
        "baseball glove",
        "skateboard",
        "surfboard",
    ),
    *("tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard"),
    *("cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase"),
    *("scissors", "teddy bear", "hair drier", "toothbrush"),
)
"""Index = class number of a detector trained on COCO 2017 (80 classes)."""

GROUPS = {
    "bikes": ("bicycle", "motorcycle"),
    "vehicles": ("car", "truck", "bus", "motorcycle"),
    "bulky": ("couch", "bed", "chair", "bench", "refrigerator", "dining table", "potted plant", "suitcase"),
    "goods": (
        "umbrella",
        "chair",
        "bench",
        "dining table",
        "potted plant",
        "suitcase",
        "backpack",
        "handbag",
    ),
}
"""Names that a rule may give instead of many labels: what stands where no motor vehicle may, bulky waste,
goods or a stall on the pavement. Bags and cases are among `goods` since a detector calls bundles so."""
