"""The questions of dialects C and D: the same documents, differently wrapped."""

from collections.abc import Mapping

import msgspec

from adapters.aishandong.dialect import Service

INTERFACE_IDS: Mapping[Service, str] = {
    Service.TICKET: "ticketValidate",
    Service.PERSON: "findPerUserByToken",
    Service.CORPORATION: "findCorUserByToken",
    Service.COMPANIES: "findcorporationbytoken",
}


def question(app_id: str, service: Service, parameters: Mapping[str, str]) -> dict[str, str]:
    """``params`` is a text of JSON inside the document. The list of companies is of another make
    than the rest: the app goes by another name, and the service is named once more."""
    text = msgspec.json.encode(parameters).decode()
    if service is Service.COMPANIES:
        return {"app_id": app_id, "servicename": "findCorporationByToken", "params": text}
    return {"appMark": app_id, "params": text}
