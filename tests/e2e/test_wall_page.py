"""The wall page in Chromium against the fake cloud: sign-in, list, detail, keys, languages and map."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.fake_street import BIKES, Scene
from tests.e2e.wall_page import Wall

pytestmark = pytest.mark.browser
HAN = re.compile(r"[\u3400-\u9fff]")


def test_a_wrong_password_is_said_and_the_right_one_opens_the_wall(wall: Wall) -> None:
    wall.visit()
    wall.sign_in("wrong")
    expect(wall.page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    expect(wall.page.locator("[name=password]")).to_be_focused()
    wall.sign_in()
    expect(wall.page.locator(".row")).to_have_count(12)
    expect(wall.page).to_have_title("(4) 网格哨 · 值班大屏")


def test_signing_out_leaves_nothing_of_the_wall(wall: Wall) -> None:
    wall.show()
    wall.page.get_by_role("button", name="退出").click()
    expect(wall.page.locator("form")).to_be_visible()
    expect(wall.page.locator(".row")).to_have_count(0)


def test_who_waits_stands_on_top_and_the_worst_first(wall: Wall) -> None:
    wall.show()
    marks = wall.page.locator(".row .mark").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    chips = wall.page.locator(".row .chip").all_inner_texts()
    assert marks == ["紧急", "高", "中", "中", "高", "高", "中", "中", "中", "中", "低", "低"]
    assert chips[:4] == ["待受理"] * 4
    assert "待受理" not in chips[4:]


def test_the_age_ticks(wall: Wall) -> None:
    wall.show()
    age = wall.page.locator(".detail-head .age")
    before = age.inner_text()
    expect(age).not_to_have_text(before)


def test_before_stands_beside_after_and_the_empty_place_below(wall: Wall) -> None:
    wall.show()
    wall.row("区第二医院急诊入口").click()
    boxes = {}
    for kind in ("present", "cleared", "empty"):
        photo = wall.page.locator(f".photo.{kind} img")
        expect(photo).to_be_visible()
        assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 960
        boxes[kind] = photo.bounding_box()
    before, after, empty = boxes["present"], boxes["cleared"], boxes["empty"]
    assert before
    assert after
    assert empty
    assert before["y"] == after["y"]
    assert before["x"] + before["width"] < after["x"]
    assert empty["y"] > before["y"] + before["height"]


def test_a_photo_opens_large_and_escape_gives_the_focus_back(wall: Wall) -> None:
    wall.show()
    wall.row("客运站出站口").click()
    small = wall.page.get_by_role("button", name="放大照片:处置前")
    small.click()
    dialog = wall.page.get_by_role("dialog")
    expect(dialog.locator("img")).to_be_visible()
    wall.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(small).to_be_focused()


def test_the_facts_and_the_timeline_are_in_words(wall: Wall) -> None:
    wall.show()
    wall.row("石埠头下穿通道").click()
    facts = wall.page.locator(".facts").inner_text()
    for fact in (
        "河滨社区第3网格",
        "G09",
        "河滨社区",
        "04-06",
        "P08-S1",
        "水位",
        "27.5 cm",
        "限值 15 cm",
        "仍在",
    ):
        assert fact in facts
    expect(wall.page.locator(".timeline li")).to_have_count(2)
    assert wall.page.locator(".timeline li").all_inner_texts()[0].endswith("受理 李伟 → 已受理")


def test_what_was_there_before_the_node_looked_is_said_as_at_least(wall: Wall) -> None:
    wall.show()
    assert "至少 1天 0小时" in wall.row("澄湖大学西门").inner_text()


def test_keys_work_while_an_input_method_swallows_the_letters(wall: Wall) -> None:
    wall.show()
    title = wall.page.locator(".detail-title")
    expect(title).to_have_text("烟雾报警")
    wall.press("KeyJ")
    expect(title).to_have_text("占用消防通道")
    expect(wall.page.locator(".row[aria-current=true]")).to_be_focused()
    wall.press("KeyK")
    expect(title).to_have_text("烟雾报警")
    expect(wall.page.locator(".row").first).to_be_focused()
    wall.page.evaluate("document.activeElement.blur()")
    wall.press("Enter")
    expect(title).to_be_focused()
    wall.press("KeyA")
    expect(wall.page.locator(".outcome")).to_have_text("已提交:受理")
    expect(wall.chip()).to_have_text("已受理")
    wall.press("KeyD")
    expect(wall.page.get_by_role("button", name="确认派遣")).to_be_focused()
    wall.page.keyboard.press("Enter")
    expect(wall.chip()).to_have_text("已派遣")
    assert [(one["action"], one["if_match"], one.get("handler")) for one in wall.cloud.transitions] == [
        ("accept", '"v1"', None), ("dispatch", '"v2"', "wg-a1"),
    ]  # fmt: skip
    wall.row("区第二医院急诊入口").click()
    wall.press("KeyC")
    expect(wall.chip()).to_have_text("已结案")


def test_a_key_is_for_the_case_just_chosen_though_the_last_one_still_waits_for_its_answer(wall: Wall) -> None:
    """The stream tells of a step before its own answer is back; the next case must not wait for that."""
    wall.show()
    wall.cloud.hold_answers.clear()
    wall.press("KeyA")
    expect(wall.chip()).to_have_text("已受理")
    wall.row("区第二医院急诊入口").click()
    wall.press("KeyC")
    expect(wall.chip()).to_have_text("已结案")
    wall.cloud.hold_answers.set()
    expect(wall.page.locator(".outcome")).to_have_text("已提交:结案")
    assert [one["action"] for one in wall.cloud.transitions] == ["accept", "close"]


def test_an_answer_for_one_case_leaves_the_question_about_another_standing(wall: Wall) -> None:
    wall.show()
    wall.cloud.hold_answers.clear()
    wall.press("KeyA")
    expect(wall.chip()).to_have_text("已受理")
    wall.row("客运站出站口").click()
    wall.press("KeyF")
    expect(wall.page.locator("form.reason")).to_be_visible()
    with wall.page.expect_response(lambda response: response.url.endswith("/transitions")):
        wall.cloud.hold_answers.set()
    expect(wall.page.locator("form.reason")).to_be_visible()


def test_a_key_for_what_is_not_allowed_says_so_and_sends_nothing(wall: Wall) -> None:
    wall.show()
    wall.press("KeyC")
    expect(wall.page.locator(".outcome")).to_have_text("当前不能“结案”。")
    assert wall.cloud.transitions == []


def test_a_false_alarm_needs_a_reason_and_typing_does_nothing_else(wall: Wall) -> None:
    wall.show()
    wall.press("KeyF")
    expect(wall.page.locator(".reasons button").first).to_be_focused()
    wall.page.locator("textarea").press_sequentially("ajkdc2 路灯影子")
    expect(wall.page.locator(".detail-title")).to_have_text("烟雾报警")
    assert wall.cloud.transitions == []
    wall.page.get_by_role("button", name="识别成了别的东西").click()
    expect(wall.chip()).to_have_text("误报")
    assert wall.cloud.transitions[0]["reason"] == "识别成了别的东西 · ajkdc2 路灯影子"
    expect(wall.page.locator(".list .row")).to_have_count(11)


def test_another_choice_than_the_rules_asks_why(wall: Wall) -> None:
    wall.show()
    wall.press("KeyD")
    confirm = wall.page.get_by_role("button", name="确认受理并派遣")
    expect(confirm).to_be_focused()
    expect(wall.page.locator(".filled")).to_contain_text("4 工作小时")
    wall.page.locator("select").last.select_option(label="区消防救援大队")
    confirm.click()
    expect(wall.page.get_by_text("改派需要理由。")).to_be_visible()
    assert wall.cloud.transitions == []
    wall.page.locator("textarea").fill("涉及消防")
    confirm.click()
    expect(wall.chip()).to_have_text("已派遣")
    last = wall.cloud.transitions[-1]
    assert (last["handler"], last["organisation"], last["reason"]) == ("wg-a1", "XF", "涉及消防")


def test_a_key_on_a_closed_fold_is_for_all_of_it_and_on_an_open_one_for_the_row(wall: Wall) -> None:
    wall.show()
    for _ in range(2):
        wall.cloud.appear(Scene("P12", BIKES, "medium", "detected", 20, "bicycle", 3))
    fold = wall.page.locator(".row.fold")
    expect(fold).to_contain_text("3 起同类")
    fold.click()
    wall.press("KeyX")
    expect(wall.page.locator(".row.under")).to_have_count(2)
    wall.press("KeyJ")
    wall.press("KeyA")
    expect(wall.chip()).to_have_text("已受理")
    expect(wall.page.locator(".row.fold")).to_contain_text("共 2 起")
    wall.page.locator(".row.fold").click()
    wall.press("KeyX")
    expect(wall.page.locator(".many")).to_have_text("对同类 2 起一并操作")
    wall.press("KeyA")
    expect(wall.page.locator(".row.waiting", has_text="共享单车")).to_have_count(1)
    assert [one["action"] for one in wall.cloud.transitions] == ["accept"] * 3


def test_severities_and_words_filter_the_list(wall: Wall) -> None:
    wall.show()
    rows = wall.page.locator(".list .row")
    wall.page.keyboard.press("Shift+Digit2")
    expect(rows).to_have_count(3)
    wall.page.keyboard.press("Shift+Digit2")
    expect(rows).to_have_count(12)
    wall.press("Slash")
    expect(wall.page.locator(".search")).to_be_focused()
    wall.page.keyboard.type("地铁")
    expect(rows).to_have_count(1)
    wall.page.locator(".search").fill("没有这样的")
    expect(wall.page.get_by_text("没有符合筛选条件的事件。")).to_be_visible()


def test_a_key_is_changed_unless_another_command_has_it_and_is_remembered(wall: Wall) -> None:
    wall.show()
    wall.page.keyboard.press("Shift+Slash")
    wall.page.get_by_role("button", name="A 更改按键：受理", exact=True).click()
    expect(wall.page.locator(".listening")).to_be_focused()
    wall.page.keyboard.press("KeyD")
    expect(wall.page.locator(".key-said")).to_have_text("D 已用于“受理并派遣”，请换一个。")
    wall.page.keyboard.press("KeyY")
    expect(wall.page.locator(".key-said")).to_have_text("“受理”已改为 Y。")
    wall.page.keyboard.press("Escape")
    expect(wall.page.get_by_role("dialog")).to_have_count(0)
    wall.page.reload()
    wall.page.wait_for_selector(".row")
    wall.press("KeyA")
    wall.press("KeyY")
    expect(wall.chip()).to_have_text("已受理")
    assert len(wall.cloud.transitions) == 1


def test_a_reason_asked_for_one_incident_is_never_sent_for_another(wall: Wall) -> None:
    wall.show()
    wall.press("KeyF")
    expect(wall.page.locator("form.reason")).to_be_visible()
    wall.row("客运站出站口").click()
    expect(wall.page.locator("form.reason")).to_have_count(0)


def test_buttons_rest_while_one_is_on_its_way(wall: Wall) -> None:
    wall.show()
    wall.cloud.hold.clear()
    wall.page.get_by_role("button", name="受理", exact=True).click()
    buttons = wall.page.locator(".action-row button")
    expect(buttons.first).to_have_text(re.compile("正在提交"))
    assert all(buttons.nth(at).is_disabled() for at in range(buttons.count()))
    wall.press("KeyA")
    wall.cloud.hold.set()
    expect(wall.chip()).to_have_text("已受理")
    assert len(wall.cloud.transitions) == 1


def test_changed_meanwhile_is_said_in_words_and_the_newest_is_loaded(wall: Wall) -> None:
    wall.show()
    wall.cloud.silent = True
    wall.cloud.change(wall.cloud.find("P05", "04-99-080"), "accept", "accepted", "王芳")
    wall.press("KeyA")
    said = wall.page.locator(".outcome")
    expect(said).to_have_text(
        re.compile(r"没有提交:王芳 已于 \d\d:\d\d:\d\d 改为“已受理”。已载入最新内容,请再确认。")
    )
    expect(wall.chip()).to_have_text("已受理")
    expect(wall.page.get_by_role("button", name="派遣", exact=True)).to_be_enabled()
    wall.cloud.silent = False


def test_a_server_error_is_said_and_nothing_changes(wall: Wall) -> None:
    wall.show()
    wall.cloud.fail_next_transition = 409
    wall.press("KeyA")
    expect(wall.page.locator(".outcome")).to_have_text("没有提交:“待受理”状态下不能这样操作。")
    expect(wall.chip()).to_have_text("待受理")


def test_the_help_lists_the_keys(wall: Wall) -> None:
    wall.show()
    wall.page.keyboard.press("Shift+Slash")
    dialog = wall.page.get_by_role("dialog", name="快捷键")
    expect(dialog.locator("kbd").first).to_be_visible()
    keys = dialog.locator("kbd").all_inner_texts()
    assert {"J", "K", "Enter", "1", "2", "3", "4", "A", "D", "Shift+1", "G", "Esc", "?"} <= set(keys)
    wall.press("KeyA")
    wall.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert wall.cloud.transitions == []


def test_the_language_switches_without_reload_and_is_remembered(wall: Wall) -> None:
    wall.show()
    wall.page.evaluate("window.sameDocument = true")
    wall.page.get_by_role("button", name="English").click()
    expect(wall.page.locator(".detail-title")).to_have_text("Smoke alarm")
    assert wall.page.evaluate("[window.sameDocument, document.documentElement.lang]") == [True, "en-GB"]
    text = wall.page.locator("body").inner_text() + " ".join(
        wall.page.locator("[aria-label], [title]").evaluate_all(
            "all => all.map(one => one.ariaLabel + one.title).filter(text => !text.includes('切换到中文'))"
        )
    )
    assert sorted(set(HAN.findall(text))) == ["中", "文"]
    expect(wall.page).to_have_title("(4) Gridwatch · Patrol room")
    wall.page.reload()
    expect(wall.page.locator(".detail-title")).to_have_text("Smoke alarm")
    wall.page.get_by_role("button", name="中文").click()
    assert wall.page.evaluate("document.documentElement.lang") == "zh-CN"


def test_the_map_draws_39_grids_and_38_points_and_a_click_selects(wall: Wall) -> None:
    wall.show()
    assert wall.page.locator("path.area-grid").count() == 39
    assert wall.page.locator(".point").count() == 38
    assert wall.page.locator(".name-grid").count() == 39
    station = wall.page.get_by_role("button", name="客运站出站口,2 个进行中事件")
    expect(station.locator(".badge-count")).to_have_text("2")
    station.click()
    expect(wall.page.locator(".row[aria-current=true]")).to_contain_text("共享单车乱停放")
    wall.page.get_by_role("button", name="客运站出站口,2 个进行中事件").click()
    expect(wall.page.locator(".row[aria-current=true]")).to_contain_text("禁停车位占用")
    wall.page.get_by_role("button", name="铁路桥涵洞,无事件 (有设备离线)").click()
    expect(wall.page.locator(".device-unreachable")).to_contain_text("连不上")
    wall.press("KeyJ")
    expect(wall.page.locator(".detail-head")).to_be_visible()
