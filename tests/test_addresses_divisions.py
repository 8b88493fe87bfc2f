"""Divisions at the front of an address, with the names they had before."""

from __future__ import annotations

import pytest

from geogrid.addresses.divisions import read_divisions


@pytest.mark.parametrize(
    ("text", "province", "city", "county", "rest", "until"),
    [
        ("辽宁省丹东市元宝区兴东街道", "辽宁省", "丹东市", "元宝区", "兴东街道", 0),
        ("辽宁丹东元宝区兴东街道", "辽宁省", "丹东市", "元宝区", "兴东街道", 0),
        ("湖北省襄樊市小水街222号", "湖北省", "襄阳市", "", "小水街222号", 2009),
        ("柳州地区忻城县", "广西壮族自治区", "来宾市", "忻城县", "", 2001),
        ("重庆解放碑", "重庆市", "重庆市", "", "解放碑", 0),
        ("北海市重庆路11号", "广西壮族自治区", "北海市", "", "重庆路11号", 0),
        ("湘潭县城塘社区", "湖南省", "湘潭市", "湘潭县", "城塘社区", 0),
        ("湘潭城塘社区", "湖南省", "湘潭市", "", "城塘社区", 0),
        ("西湖区蒋村", "", "", "西湖区", "蒋村", 0),  # in more than one city
        ("延川路116号", "", "", "", "延川路116号", 0),  # a road named after a county
        ("", "", "", "", "", 0),
    ],
)
def test_divisions_are_read(text: str, province: str, city: str, county: str, rest: str, until: int) -> None:
    read = read_divisions(text)
    assert (read.province, read.city, read.county, read.rest, read.until) == (
        province,
        city,
        county,
        rest,
        until,
    )
