"""What can go wrong with a signature."""

from kit.problems import Problem
from kit.text import Text


class DocumentChanged(Problem):
    status = 409
    code = "document_changed"
    title = Text(
        "文件已有改动，请重新打开核对后再签",
        "A document has changed; open it again before you sign",
    )
    next = "reload"


class SignatureClosed(Problem):
    """It was signed, refused, is about documents that are others now, or what it belongs to has
    ended."""

    status = 409
    code = "signature_closed"
    title = Text("这项签名已结束", "This signature cannot be given or refused any more")
    next = "reload"


class SignerDiffers(Problem):
    status = 409
    code = "signer_differs"
    title = Text(
        "文件中的姓名与您的实名信息不一致，请联系申请人更正",
        "The name in the documents is not yours; ask the applicant to correct it",
    )
    next = "contact"


class SigningNotPossible(Problem):
    status = 409
    code = "signing_not_possible"
    title = Text(
        "电子签名服务不能为您办理签名，请到窗口办理",
        "The e-signature service cannot sign for you; please go to a counter",
    )
    next = "contact"
