"""What do the codes in the records mean?

Each list is an enumeration whose value is what stands in the records and whose `term` is
the official Chinese word; a list taken from a standard keeps the standard's own codes.
Lists that no standard fixes carry names of ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A coded value with its official term.

    >>> Sex("1").term
    '男'
    """

    term: str

    def __new__(cls, value: str, term: str = "") -> Self:
        """Make a member from its code and its term."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.term = term
        return member

    # Equal to its code as text, so of the same hash; the enumeration's own is of the name, and slow.
    __hash__ = str.__hash__


class Department(Code):
    """The departments (部门) that own the facts; those after 工会 have no record type of ours yet.

    社会救助法 art. 41 names them; a contract may declare a record type for any of them.
    """

    CIVIL_AFFAIRS = "civil_affairs", "民政"
    SOCIAL_SECURITY = "social_security", "人社"
    HEALTH = "health", "卫健"
    EDUCATION = "education", "教育"
    DISABILITY = "disability", "残联"
    HOUSING = "housing", "住建"
    UNION = "trade_union", "工会"
    PUBLIC_SECURITY = "public_security", "公安"
    TAXATION = "taxation", "税务"
    MARKET_REGULATION = "market_regulation", "市场监管"
    NATURAL_RESOURCES = "natural_resources", "自然资源"


class SharingClass(Code):
    """共享类型, 政务数据共享条例: how far a department lets a record go."""

    UNCONDITIONAL = "1", "无条件共享"
    CONDITIONAL = "2", "有条件共享"
    WITHHELD = "3", "不予共享"


class Sex(Code):
    """GB/T 2261.1-2003 人的性别代码."""

    UNKNOWN = "0", "未知的性别"
    MALE = "1", "男"
    FEMALE = "2", "女"
    UNSTATED = "9", "未说明的性别"


class MaritalStatus(Code):
    """GB/T 2261.2-2003 婚姻状况代码; 21 to 23 are kinds of 20."""

    SINGLE = "10", "未婚"
    MARRIED = "20", "已婚"
    FIRST_MARRIAGE = "21", "初婚"
    REMARRIED = "22", "再婚"
    REMARRIED_TO_EACH_OTHER = "23", "复婚"
    WIDOWED = "30", "丧偶"
    DIVORCED = "40", "离婚"
    UNSTATED = "90", "未说明的婚姻状况"


class Relation(Code):
    """GB/T 4761-2008 家庭关系代码, to the head of the household: one digit, and the two-digit codes in use."""

    HEAD = "0", "本人或户主"
    SPOUSE = "1", "配偶"
    SON = "2", "子"
    DAUGHTER = "3", "女"
    GRANDCHILD = "4", "孙辈"
    PARENT = "5", "父母"
    GRANDPARENT = "6", "祖父母或外祖父母"
    SIBLING = "7", "兄弟姐妹"
    OTHER = "8", "其他"
    ADOPTED_OR_STEP_SON = "27", "养子或继子"
    SON_IN_LAW = "28", "女婿"
    ADOPTED_OR_STEP_DAUGHTER = "37", "养女或继女"
    DAUGHTER_IN_LAW = "38", "儿媳"
    FATHER = "51", "父亲"
    MOTHER = "52", "母亲"
    FATHER_OF_HUSBAND = "53", "公公"
    MOTHER_OF_HUSBAND = "54", "婆婆"
    FATHER_OF_WIFE = "55", "岳父"
    MOTHER_OF_WIFE = "56", "岳母"


class MemberKind(Code):
    """成员种类: Does the person live in the household, or owe it support from outside?"""

    COHABIT = "COHABIT", "共同生活的家庭成员"
    OBLIGOR = "OBLIGOR", "法定赡养抚养扶养义务人"


class SpecialStatus(Code):
    """最低生活保障审核确认办法 art. 7, last paragraph: who is away in a way that the law names."""

    NONE = "NONE", "无"
    PRISON = "PRISON", "监狱服刑"
    COMPULSORY_REHAB = "COMPULSORY_REHAB", "强制隔离戒毒"
    COMMUNITY_REHAB = "COMMUNITY_REHAB", "社区戒毒"
    MISSING = "MISSING", "宣告失踪"
    CLERGY_3Y = "CLERGY_3Y", "宗教教职人员离家三年以上"


class HukouType(Code):
    """户口性质: Which standard applies where town and country still differ."""

    URBAN = "URBAN", "城镇"
    RURAL = "RURAL", "农村"


class Category(Code):
    """救助类别 a household can be in; the order is the order of the gates. 社会救助法 art. 13."""

    TEKUN = "TEKUN", "特困供养"
    DIBAO = "DIBAO", "最低生活保障"
    EDGE = "EDGE", "最低生活保障边缘家庭"
    RIGID = "RIGID", "刚性支出困难家庭"
    UNION = "UNION", "工会困难职工"
    NONE = "NONE", "不符合"


class ApplicationKind(Code):
    """申请事项: What a household asks for."""

    TEKUN = "TEKUN", "特困"
    DIBAO = "DIBAO", "低保"
    EDGE = "EDGE", "边缘"
    RIGID = "RIGID", "刚性支出"
    SINGLE = "SINGLE", "单人户"
    REVIEW = "REVIEW", "定期复核"


class CategoryReason(Code):
    """类别变动原因: Why a household entered or left a category."""

    OMITTED = "OMITTED", "遗漏"
    RETURNED = "RETURNED", "返贫"
    NEW = "NEW", "新致贫"
    INELIGIBLE = "INELIGIBLE", "不符"
    RELIEVED = "RELIEVED", "脱贫"


class Cause(Code):
    """致困原因: the seven causes of the published table."""

    ILLNESS = "ILLNESS", "因病"
    DISABILITY = "DISABILITY", "因残"
    EDUCATION = "EDUCATION", "因学"
    DISASTER = "DISASTER", "因灾"
    UNEMPLOYMENT = "UNEMPLOYMENT", "失业"
    HOUSING = "HOUSING", "住房"
    OTHER = "OTHER", "其他"


class DeclaredItem(Code):
    """What one line of a declaration (申报) says of one month: no work, a cost deducted, or a kind of income."""

    UNEMPLOYED = "UNEMPLOYED", "无业"
    EMPLOYMENT_COST = "EMPLOYMENT_COST", "必要的就业成本"
    WAGE = "WAGE", "工资性收入"
    BUSINESS = "BUSINESS", "经营净收入"
    RENT = "RENT", "租金"
    INTEREST = "INTEREST", "利息红利"
    LAND = "LAND", "土地流转收入"
    MAINTENANCE = "MAINTENANCE", "赡养抚养扶养费"
    PENSION = "PENSION", "养老金"
    CENTRAL_BASE_PENSION = "CENTRAL_BASE_PENSION", "中央基础养老金"
    LOCAL_BASE_PENSION = "LOCAL_BASE_PENSION", "地方基础养老金"
    PERSONAL_PENSION = "PERSONAL_PENSION", "个人账户养老金"
    UNEMPLOYMENT_BENEFIT = "UNEMPLOYMENT_BENEFIT", "失业保险金"
    INJURY_BENEFIT = "INJURY_BENEFIT", "工伤保险待遇"
    COMPENSATION = "COMPENSATION", "赔偿补偿"
    DONATION = "DONATION", "接受捐赠"
    SCHOLARSHIP = "SCHOLARSHIP", "奖学金"
    PREFERENTIAL_CARE = "PREFERENTIAL_CARE", "优待抚恤金"
    FAMILY_PLANNING = "FAMILY_PLANNING", "计划生育奖励与扶助金"
    BRAVERY_AWARD = "BRAVERY_AWARD", "见义勇为等奖励"
    AGE_ALLOWANCE = "AGE_ALLOWANCE", "高龄津贴"
    DISABILITY_SUBSIDY = "DISABILITY_SUBSIDY", "残疾人两项补贴"
    RELIEF = "RELIEF", "社会救助款物"
    EDUCATION_AID = "EDUCATION_AID", "教育资助"
    TRAINING_SUBSIDY = "TRAINING_SUBSIDY", "培训补贴"
    OTHER = "OTHER", "其他收入"


class BenefitKind(Code):
    """救助发放种类: What civil affairs pays."""

    DIBAO = "DIBAO", "最低生活保障金"
    TEKUN = "TEKUN", "特困供养金"
    SINGLE = "SINGLE", "单人户低保"
    TEMPORARY = "TEMPORARY", "临时救助"
    GRADUAL_EXIT = "GRADUAL_EXIT", "低保渐退"
    ORPHAN = "ORPHAN", "孤儿基本生活保障"


class PropertyKind(Code):
    """财产核查种类: What a property enquiry is about; the answer is only whether the limit is exceeded."""

    DEPOSIT = "DEPOSIT", "存款证券"
    VEHICLE = "VEHICLE", "机动车辆"
    HOUSE = "HOUSE", "不动产"
    EQUITY = "EQUITY", "股权"
    COMPANY = "COMPANY", "市场主体注册资本"


class SignatureMethod(Code):
    """签署方式: How an authorization was signed."""

    HANDWRITTEN = "HANDWRITTEN", "手写"
    FINGERPRINT = "FINGERPRINT", "指纹"
    ELECTRONIC = "ELECTRONIC", "电子"


class InsuranceKind(Code):
    """The five social insurances (五险)."""

    PENSION = "PENSION", "养老保险"
    MEDICAL = "MEDICAL", "医疗保险"
    UNEMPLOYMENT = "UNEMPLOYMENT", "失业保险"
    INJURY = "INJURY", "工伤保险"
    MATERNITY = "MATERNITY", "生育保险"


class Participation(Code):
    """参保身份: In what capacity a person is insured."""

    EMPLOYEE = "EMPLOYEE", "职工"
    FLEXIBLE = "FLEXIBLE", "灵活就业"
    RESIDENT = "RESIDENT", "城乡居民"


class InsuranceStatus(Code):
    """缴费状态: State of one insurance in one month."""

    NORMAL = "NORMAL", "正常缴费"
    SUSPENDED = "SUSPENDED", "中断"
    RETIRED = "RETIRED", "退休"


class EmploymentKind(Code):
    """就业登记种类: How a person is registered as working."""

    EMPLOYER = "EMPLOYER", "单位就业"
    FLEXIBLE = "FLEXIBLE", "灵活就业"
    OWN_BUSINESS = "OWN_BUSINESS", "自主创业"
    PUBLIC_POST = "PUBLIC_POST", "公益性岗位"


class InjuryBenefitKind(Code):
    """工伤保险待遇 paid by the month."""

    DISABILITY_ALLOWANCE = "DISABILITY_ALLOWANCE", "伤残津贴"
    LIVING_CARE = "LIVING_CARE", "生活护理费"


class ReferralAnswer(Code):
    """岗位推介答复: What a person answered to an offered post."""

    ACCEPTED = "ACCEPTED", "接受"
    REFUSED = "REFUSED", "拒绝"
    UNANSWERED = "UNANSWERED", "未答"


class Stage(Code):
    """Stage of education; the order is ascending, and 本科 UNDERGRADUATE is the last that counts."""

    PRESCHOOL = "PRESCHOOL", "学前"
    PRIMARY = "PRIMARY", "小学"
    JUNIOR = "JUNIOR", "初中"
    SENIOR = "SENIOR", "高中"
    VOCATIONAL = "VOCATIONAL", "中职"
    COLLEGE = "COLLEGE", "高职"
    UNDERGRADUATE = "UNDERGRADUATE", "本科"
    MASTER = "MASTER", "硕士"
    DOCTOR = "DOCTOR", "博士"


class Ownership(Code):
    """办学性质: Who runs a school."""

    PUBLIC = "PUBLIC", "公办"
    PRIVATE = "PRIVATE", "民办"


class EnrolmentStatus(Code):
    """State of an enrolment (学籍状态)."""

    ENROLLED = "ENROLLED", "在读"
    SUSPENDED = "SUSPENDED", "休学"
    GRADUATED = "GRADUATED", "毕业"
    WITHDRAWN = "WITHDRAWN", "退学"


class FeeKind(Code):
    """学校收费种类: What a school bills."""

    TUITION = "TUITION", "学费"
    LODGING = "LODGING", "住宿费"
    CHILDCARE = "CHILDCARE", "保教费"


class DisabilityCategory(Code):
    """GB/T 26341-2010 残疾类别."""

    SIGHT = "1", "视力残疾"
    HEARING = "2", "听力残疾"
    SPEECH = "3", "言语残疾"
    LIMB = "4", "肢体残疾"
    INTELLECTUAL = "5", "智力残疾"
    MENTAL = "6", "精神残疾"
    MULTIPLE = "7", "多重残疾"


class CertificateStatus(Code):
    """残疾人证状态: State of a disability certificate."""

    VALID = "VALID", "有效"
    CANCELLED = "CANCELLED", "注销"
    FROZEN = "FROZEN", "冻结"
    EXPIRED = "EXPIRED", "过期"


class SubsidyKind(Code):
    """残疾人两项补贴, the two subsidies of 国发〔2015〕52号."""

    LIVING = "LIVING", "困难残疾人生活补贴"
    CARE = "CARE", "重度残疾人护理补贴"


class Tenure(Code):
    """住房取得方式: How a household holds the dwelling it lives in."""

    OWNED = "OWNED", "自有"
    RENTED = "RENTED", "租赁私房"
    PUBLIC_RENTAL = "PUBLIC_RENTAL", "公租房"
    BORROWED = "BORROWED", "借住"


class DangerGrade(Code):
    """JGJ 125-2016 房屋危险性等级: C is partly, D wholly dangerous."""

    A = "A", "安全"
    B = "B", "个别构件危险"
    C = "C", "局部危险"
    D = "D", "整幢危险"


class UnionHardship(Code):
    """困难职工档案 level, as the union federation files it."""

    DEEP = "DEEP", "深度困难"
    RELATIVE = "RELATIVE", "相对困难"
    SUDDEN = "SUDDEN", "意外致困"


class UnionAidKind(Code):
    """工会帮扶种类: What the union pays to a filed worker."""

    LIVING = "LIVING", "生活救助"
    MEDICAL = "MEDICAL", "医疗救助"
    SCHOOLING = "SCHOOLING", "子女助学"
